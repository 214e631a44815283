"""URLs of the demo project."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/leads/", include("leads.api.urls")),
    path("webhooks/enrow/", include("enrow_webhooks.urls")),
]
