"""Where a mapped model's rows are: one statement must reach all that is read, and lock what is written."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage
from django.db import connections, router
from django.db.models import Model

from enrow_webhooks.databases import other_product
from leads.digests import INPUTS
from leads.mapping import LeadMapping
from leads.mapping_checks.attributes import OUTPUTS
from leads.mapping_checks.sources import place
from leads.mapping_checks.wording import WrongError, error, label_of, warning
from leads.models import LeadSearch


def check_database(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield what is wrong with the database of a mapped model, E129; ours has a check of its own.

    Another database than ours is fine, and so is one that is read elsewhere by the project: leads are read where they
    are written.
    """
    alias, told = mapping.alias, label_of(mapping.model)
    if alias not in connections:
        sentence = f"the router sends {told} to {alias!r}, which is no database of this project."
        yield error(mapping, "", sentence, hint="Let db_for_write return a key of DATABASES.", code="E129")
        return
    if alias != router.db_for_write(LeadSearch) and (name := other_product(alias)):
        yield error(
            mapping,
            "",
            f"{told} is written to {alias!r}, which is {name}; leads are locked and written in "
            "PostgreSQL and SQLite only.",
            hint="Copy the rows into a table of PostgreSQL or SQLite, and map that.",
            code="E129",
        )
    yield from _check_reach(mapping)
    if mapping.has_own_write and (read := router.db_for_read(mapping.model)) != alias:
        yield warning(
            mapping,
            "write",
            f"the router reads {told} from {read!r}, and the rows that write() gets are locked in {alias!r}.",
            hint=f"Read in write() by .using({alias!r}), and silence this check then.",
            code="W104",
        )


def _check_reach(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield the sources whose table is in another database: SQL cannot join it."""
    for name in (*INPUTS, *OUTPUTS, "created_at"):
        for model in _models(mapping, name):
            if (other := router.db_for_write(model)) != mapping.alias:
                yield error(
                    mapping,
                    name,
                    f"it reads {label_of(model)}, which the router sends to {other!r}; "
                    f"{label_of(mapping.model)} is in {mapping.alias!r}.",
                    hint="One statement reads one database: keep a copy of the value beside the lead, or leave it out.",
                    code="E129",
                )


def _models(mapping: LeadMapping, name: str) -> tuple[type[Model], ...]:
    """Return the models that are joined for one source; a wrong source has been told of."""
    try:
        source = mapping.source(name)
        return place(mapping, source).models if source else ()
    except WrongError:
        return ()
