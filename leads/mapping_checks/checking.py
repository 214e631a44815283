"""All checks of all mappings, in the order in which their answers make sense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from leads.mapping import LeadMapping, registry
from leads.mapping_checks.attributes import unknown, wrong_types
from leads.mapping_checks.databases import check_database
from leads.mapping_checks.filters import check_api_filters
from leads.mapping_checks.keys import check_key, check_prefix
from leads.mapping_checks.models import check_each_row_once, check_model
from leads.mapping_checks.others import check_created_at, check_files, check_forget, check_on_forget
from leads.mapping_checks.outputs import check_outputs
from leads.mapping_checks.querysets import check_queryset
from leads.mapping_checks.searches import check_read, check_searchable
from leads.mapping_checks.states import check_states
from leads.mapping_checks.tables import check_table

_EACH = (
    check_key,
    check_read,
    check_outputs,
    check_states,
    check_searchable,
    check_queryset,
    check_database,
    check_files,
    check_created_at,
    check_on_forget,
    check_forget,
    check_api_filters,
)


def check_mappings(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Check every mapping of the project, and that there is one; asks no database."""
    mappings = list(registry)
    if not mappings:
        hint = "Write a lead_mapping.py in an app, as docs/mapping.md shows, or leave leads.Lead mapped."
        return [Error("No model is mapped: there are no leads.", hint=hint, id="enrow.E101")]
    return list(check_all(mappings))


def check_mapped_tables(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """Check what only ``migrate`` and ``check --database`` may ask: tables that the project does not migrate."""
    sound = [mapping for mapping in registry if not _first(mapping)]
    return [message for mapping in sound for message in check_table(mapping, databases or ())]


def check_all(mappings: Iterable[LeadMapping]) -> Iterator[CheckMessage]:
    """Yield what is wrong with these mappings, each by itself and each beside the others."""
    sound = []
    for mapping in mappings:
        yield from unknown(mapping)
        first = _first(mapping)
        yield from first
        if not first:
            sound.append(mapping)
    for mapping in sound:
        others = [other for other in sound if other is not mapping]
        yield from check_each_row_once(mapping, others)
        yield from check_prefix(mapping, others)
        for check in _EACH:
            yield from check(mapping)


def _first(mapping: LeadMapping) -> list[CheckMessage]:
    """Return what has to be right before anything else can be told."""
    return [*check_model(mapping), *wrong_types(mapping)]
