"""A check of the project's other pages: where a mapped model is edited without our mixin, a result may be lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import BaseModelAdmin, InlineModelAdmin
from django.contrib.admin.sites import all_sites
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.core import checks

from leads.admin.editing import EditingMixin, EnrichmentInlineMixin, editable_values
from leads.mapping import registry

# A page that decides by itself who may change rows may be for reading only.
_DJANGOS = (BaseModelAdmin.has_change_permission, InlineModelAdmin.has_change_permission)


def check_pages(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[checks.CheckMessage]:
    """Warn of each page and inline that edits what is found, and would save a stale form over a result."""
    apps = None if app_configs is None else {config.label for config in app_configs}
    pages = [page for site in all_sites for page in site._registry.values()]  # noqa: SLF001 - Django's own check reads it
    chosen = [page for page in pages if apps is None or page.opts.app_label in apps]
    return list({message.obj: message for page in chosen for message in _of_page(page)}.values())


def _of_page(page: ModelAdmin[Any]) -> Iterator[checks.CheckMessage]:
    if not isinstance(page, EditingMixin) and (names := _edited(page)):
        yield _warning(type(page), names, "EnrichmentAdminMixin")
    for inline in page.inlines:
        own = inline(page.model, page.admin_site)
        if not isinstance(own, EnrichmentInlineMixin) and (names := _edited(own)):
            yield _warning(inline, names, "EnrichmentInlineMixin")


def _edited(page: BaseModelAdmin[Any]) -> list[str]:
    """Return the columns that a form there edits, as far as that can be told without a request."""
    mapping = registry.of(page.model)
    if mapping is None or type(page).has_change_permission not in _DJANGOS:
        return []
    named = flatten_fieldsets(page.fieldsets) if page.fieldsets else flatten(page.fields or ())
    hidden = {*page.readonly_fields, *(page.exclude or ())}
    names = [name for name in editable_values(mapping) if name not in hidden]
    return [name for name in names if name in named or not named]


def _warning(page: type, names: Sequence[str], mixin: str) -> checks.CheckMessage:
    return checks.Warning(
        f"A form of it that was open while a result came saves what was there before over it: {', '.join(names)}.",
        hint=f"Put leads.admin.{mixin} in front of its bases, or make these fields read-only.",
        obj=page,
        id="enrow.W105",
    )
