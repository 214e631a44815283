"""Where Enrow's events arrive.

In a project's own urls.py:

    from django.urls import include, path

    urlpatterns += [path("webhooks/enrow/", include("enrow_webhooks.urls"))]
"""

from __future__ import annotations

from django.urls import path, re_path

from enrow_webhooks.views import webhook_view

app_name = "enrow_webhooks"

urlpatterns = [
    path("<str:token>/", webhook_view, name="webhook"),
    # A sender that drops the slash must not meet APPEND_SLASH's redirect.
    # Neither may a token with something behind it meet Django's 404, which logs the path.
    re_path(r"^(?P<token>.+)$", webhook_view),
]
