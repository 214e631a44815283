"""Rows of ours that a command is about: named by their ids and states."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Model

from enrow_webhooks.management.base import count, identifier, wrong_call


def add_rows(parser: CommandParser, model: Any, *, shown: int) -> None:  # noqa: ANN401 - a model with states
    """Add the ids, ``--state``, and ``--limit`` for the list."""
    name, states = model._meta.verbose_name_plural, model.State.values
    parser.add_argument("ids", nargs="*", type=identifier, metavar="ID", help=f"these {name}")
    parser.add_argument(
        "--state",
        nargs="+",
        action="extend",
        default=[],
        choices=states,
        metavar="STATE",
        help=f"only {name} in these states: {', '.join(states)}",
    )
    parser.add_argument("--limit", type=count, default=shown, metavar="N", help=f"list the newest N (default {shown})")


def named(model: type[Model], ids: Collection[uuid.UUID], states: Collection[str]) -> Any:  # noqa: ANN401 - its own queryset
    """Return the rows with these ids, if any are given, in these states, if any are. Raises CommandError for no row."""
    rows = model._default_manager.all()
    if ids:
        rows = rows.filter(pk__in=ids)
        if unknown := set(ids) - set(rows.values_list("pk", flat=True)):
            raise wrong_call(f"There is no {model._meta.verbose_name} {', '.join(sorted(map(str, unknown)))}.")
    return rows.filter(state__in=states) if states else rows
