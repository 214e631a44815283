"""What a page of the admin says when the database fails: kind, constraint and place, never the row that it quotes.

What is raised would end on Django's debug page, in an error mail or a tracker, with that row and what was typed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import ValidationError
from django.db import Error as DatabaseTrouble
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from enrow_webhooks.client.scrub import describe, log_failure

logger = logging.getLogger(__name__)

A = TypeVar("A", bound=HttpResponse | None)


def told(act: Callable[[], A]) -> A | HttpResponse:
    """Return an answer; one of our own where the database fails, with status 500."""
    try:
        return act()
    except DatabaseTrouble as error:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:
                # The project opened it around its views: nothing of this one may stay.
                transaction.set_rollback(True, using=connection.alias)
        log_failure(logger, error, "The database did not do what a page of the admin asked:")
        sentence = _("Nothing was changed: the database did not do it. Tell the people who run this site: %s")
        answer = HttpResponse(sentence % describe(error), status=500, content_type="text/plain; charset=utf-8")
        # Django would log, and mail, the request with all that was typed.
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's own mark
        return answer


def _odd() -> HttpResponse:
    sentence = _("This asks for a number or a text that no row can have. Go back to the list.")
    return HttpResponse(sentence, status=400, content_type="text/plain; charset=utf-8")


class QuietErrorsMixin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """A page that quotes no row when the database fails."""

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401 - Django's own signature
        """Show the list, or carry out an action; 400 for an address or a form that no row can meet."""
        if self._is_odd(request):
            return _odd()
        try:
            return told(lambda: super(QuietErrorsMixin, self).changelist_view(request, *args, **kwargs))
        except OverflowError:
            return _odd()

    def _is_odd(self, request: HttpRequest) -> bool:
        """Tell whether a request has a NUL, which no database keeps, or selects what is no key of a row."""
        # What is typed to search for, Django looks at itself.
        asked = [texts for name, texts in request.GET.lists() if name != SEARCH_VAR]
        given = [text for texts in (*asked, *(texts for _, texts in request.POST.lists())) for text in texts]
        return any("\x00" in str(text) for text in given) or not all(
            map(self._is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))
        )

    def _is_key(self, text: str) -> bool:
        try:
            self.opts.pk.to_python(text)
        except ValidationError:
            return False
        return True

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401 - as above
        """Show or save a row."""
        return told(lambda: super(QuietErrorsMixin, self).changeform_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401 - as above
        """Delete a row."""
        return told(lambda: super(QuietErrorsMixin, self).delete_view(request, *args, **kwargs))
