"""Rows of a file through the ORM: each is saved as the project's own code would save it, with signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from enrow_webhooks.client.scrub import describe, refusal
from enrow_webhooks.transactions import is_conflict
from leads.csvfiles.fields import CRM_ID
from leads.csvfiles.target import Target
from leads.kinds import VALUES

# Of one row, the values by the words of the file; None is a blank cell.
Row = Mapping[str, Any]


def update(target: Target, row: Row, instance: Any) -> tuple[bool, str]:  # noqa: ANN401 - the host's model
    """Save the filled cells on a lead; return whether that changed anything, and why it cannot be saved.

    ``instance`` is the lead, read and locked.
    """
    told = {word: value for word, value in row.items() if value is not None and word != CRM_ID}
    changed = {word for word, value in told.items() if getattr(instance, target.columns[word].attname) != value}
    if not changed:
        return False, ""
    for word in changed:
        setattr(instance, target.columns[word].attname, told[word])
    for facts in VALUES:
        if facts.value in changed:
            _forget_verdict(target, instance, {facts.status: "", facts.checked_at: None, facts.country: ""}, told)
    why = _refusal(target, lambda: instance.save(using=target.mapping.alias))
    return not why, why


def _forget_verdict(target: Target, instance: Any, blanks: Mapping[str, object], told: Row) -> None:  # noqa: ANN401 - as above
    """What was known of a value holds for that value only."""
    for word, blank in blanks.items():
        if word in target.columns and word not in told:
            setattr(instance, target.columns[word].attname, blank)


def create(target: Target, row: Row) -> str:
    """Save a new lead; return why it cannot be saved."""
    instance = target.mapping.model()
    for word, value in row.items():
        if value is not None:
            setattr(instance, target.columns[word].attname, value)
    return _refusal(target, lambda: instance.save(using=target.mapping.alias, force_insert=True))


def _refusal(target: Target, save: Callable[[], object]) -> str:
    """Save, and return why it cannot be done: a sentence without its end."""
    try:
        with transaction.atomic(using=target.mapping.alias):
            save()
    except ValidationError as error:
        return " ".join(error.messages)
    except DatabaseError as error:
        if is_conflict(error):
            raise
        return f"the database refuses it ({refusal(error)})."
    except Exception as error:  # noqa: BLE001 - a project's own save() may raise anything
        return f"saving it failed ({describe(error)})."
    return ""
