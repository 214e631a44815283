"""A browsable reference of the API, in a project that has drf-spectacular: one ``path()`` with ``include()`` of this.

It shows our operations alone, under the addresses that the project gave them.
"""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from leads.api.base import EnrowView

# Path, path as a regular expression, method, and the view as it is served.
Endpoint = tuple[str, str, str, Any]


def only_ours(endpoints: list[Endpoint], **kwargs: object) -> list[Endpoint]:
    """Leave the operations of others out: a preprocessing hook of drf-spectacular."""
    return [one for one in endpoints if issubclass(getattr(one[3], "cls", type(None)), EnrowView)]


_SETTINGS = {"PREPROCESSING_HOOKS": [f"{__name__}.only_ours"], "TITLE": "Enrow: searches for leads"}

app_name = "leads_reference"
urlpatterns = [
    path("", SpectacularSwaggerView.as_view(url_name="leads_reference:schema"), name="reference"),
    path("schema/", SpectacularAPIView.as_view(custom_settings=_SETTINGS), name="schema"),
]
