"""Found values on our own pages: shown to whom ``leads.view_found_values`` was given, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from leads.permissions import VIEW_FOUND_VALUES

NOT_SHOWN = _("not shown: you may not view found values")
_HIDDEN = "hidden_"


class FoundValuesMixin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's class is not generic at run time
    """Puts a sentence in the place of each field in ``found_values``, and refuses to narrow the list by one."""

    found_values: ClassVar[tuple[str, ...]] = ()

    def has_values_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may see what was found."""
        return bool(request.user.has_perm(VIEW_FOUND_VALUES))

    def get_list_display(self, request: HttpRequest) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the columns, as far as the user may see them."""
        return self._shown(request, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the fields, as far as the user may see them."""
        return self._shown(request, super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's own signature
        """Return what is read only, the sentences too."""
        return (*super().get_readonly_fields(request, obj), *(f"{_HIDDEN}{name}" for name in self.found_values))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse an address that would tell by its rows what is not shown."""
        if lookup.partition("__")[0] in self.found_values and not self.has_values_permission(request):
            return False
        return super().lookup_allowed(lookup, value, request)

    def _shown(self, request: HttpRequest, names: Iterable[Any]) -> Any:  # noqa: ANN401 - names and functions, as Django takes them
        if self.has_values_permission(request):
            return names
        return [f"{_HIDDEN}{name}" if name in self.found_values else name for name in names]

    @admin.display(description=_("value"))
    def hidden_value(self, row: object) -> str:
        """Stand for the value found."""
        return str(NOT_SHOWN)

    @admin.display(description=_("country"))
    def hidden_country(self, row: object) -> str:
        """Stand for the country of a phone."""
        return str(NOT_SHOWN)

    @admin.display(description=_("value before"))
    def hidden_value_before(self, row: object) -> str:
        """Stand for the value at search time."""
        return str(NOT_SHOWN)

    @admin.display(description=_("payload"))
    def hidden_payload(self, row: object) -> str:
        """Stand for the body of an event."""
        return str(NOT_SHOWN)
