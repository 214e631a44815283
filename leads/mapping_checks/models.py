"""Which models can be mapped: each row of a table is one lead, under one name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.core.checks import CheckMessage
from django.db.models import CompositePrimaryKey

from leads.mapping import LeadMapping
from leads.mapping_checks.wording import error, label_of, name_of
from leads.models import LeadSearch

_LONGEST_LABEL = LeadSearch._meta.get_field("model").max_length or 100


def check_model(mapping: LeadMapping) -> Iterator[CheckMessage]:
    """Yield why the model cannot be mapped at all, E111; nothing else can be told then."""
    meta = mapping.model._meta
    told = label_of(mapping.model)
    if meta.abstract:
        sentence, hint = f"{told} is abstract: it has no rows.", "Register the models that inherit it instead."
    elif meta.proxy:
        concrete = label_of(meta.concrete_model or mapping.model)
        sentence = f"{told} is a proxy: its rows are those of {concrete}."
        hint = f"Map the concrete model, {concrete}; proxies resolve to it."
    elif meta.swapped:
        sentence, hint = f"{told} is swapped out for {meta.swapped}.", f"Map {meta.swapped}."
    elif isinstance(meta.pk, CompositePrimaryKey):
        sentence = f"{told} has a primary key of several columns."
        hint = "Leads are read in the order of one column: map a model that has one as its primary key."
    elif len(meta.label_lower) > _LONGEST_LABEL:
        sentence = f"the name {told} has more than {_LONGEST_LABEL} characters."
        hint = "It stands in the rows of every search; shorten the name of the model or the label of its app."
    else:
        return
    yield error(mapping, "", sentence, hint=hint, code="E111")


def check_each_row_once(mapping: LeadMapping, others: Sequence[LeadMapping]) -> Iterator[CheckMessage]:
    """Yield the mappings that name the same rows, E111: a lead would have two names and two histories."""
    table = (mapping.model._meta.db_table, mapping.alias)
    for other in others:
        name = f"{name_of(other)} of {label_of(other.model)}"
        if issubclass(mapping.model, other.model):
            yield error(
                mapping,
                "",
                f"{label_of(mapping.model)} is a child of {label_of(other.model)}, which {name_of(other)} maps.",
                hint="Take one of them away: the rows of a child are leads by the mapping of its parent.",
                code="E111",
            )
        elif table == (other.model._meta.db_table, other.alias) and mapping.label > other.label:
            yield error(
                mapping,
                "",
                f"its table {table[0]!r} is mapped by {name}, too.",
                hint="Take one of them away: a row must be one lead under one name.",
                code="E111",
            )
