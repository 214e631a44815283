"""The banner on the lists of a copy."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.messages import ERROR
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from leads import home


class HomeBannerMixin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """Says on the list, and on the pages of its actions, that nothing is sent from here."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Show the page, with the banner where the rows belong to another deployment."""
        response = super().changelist_view(request, extra_context)
        self.say_if_copy(request, response)
        return response

    def say_if_copy(self, request: HttpRequest, response: HttpResponse) -> None:
        """Put the banner on a page; not on the way to another page, which shows it itself."""
        if isinstance(response, TemplateResponse) and not home.look().is_home:
            sentence = "Searches wait, and cost nothing, until your administrator says which it is."
            self.message_user(request, f"{home.QUESTION} {sentence}", ERROR)
