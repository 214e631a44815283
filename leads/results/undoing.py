"""A value that we wrote is taken back: the lead gets what it had before, and only somebody who asks fills it anew.

The searches that wrote it say so (effect ``undone``). For planning that is a value that a person cleared.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from enrow_webhooks.client.scrub import constraint, describe
from enrow_webhooks.client.values import Kind
from enrow_webhooks.transactions import owned
from leads import reading, sql
from leads.kinds import KINDS, KindFacts
from leads.mapping import Change, LeadMapping, registry
from leads.models import LeadEnrichment, LeadSearch, SearchJob
from leads.signals import values_written

Effect, Outcome = LeadSearch.Effect, LeadSearch.Outcome
# Searches of one lead that are looked through, the newest first.
_LOOKED_AT = 200
# Outcomes that say something of a value.
_TOLD = (Outcome.FOUND, Outcome.NOT_FOUND)


class NotPutBack(Exception):  # noqa: N818 - it is a verdict
    """The old value could not be put back, and nothing has changed; the message says why, without a value."""


def written(crm_id: str) -> list[LeadSearch]:
    """Return the newest searches that were written to a lead, newest first, with their jobs; one query."""
    searches = LeadSearch.objects.filter(crm_id=crm_id, effect=Effect.WRITTEN).order_by("-id")
    return list(searches.select_related("job")[:_LOOKED_AT])


def latest(facts: KindFacts, value: str, searches: Iterable[LeadSearch]) -> LeadSearch | None:
    """Return the newest of these searches that found or judged the value which a lead has, blank or not."""
    about = (search for search in searches if KINDS[Kind(search.kind)].value == facts.value)
    told = (search for search in about if search.outcome in _TOLD)
    return next((search for search in told if (search.value or search.value_before) == value), None)


def undoable(facts: KindFacts, value: str, searches: Iterable[LeadSearch]) -> LeadSearch | None:
    """Return the one of these searches before which the lead had another value; None where there is nothing to undo."""
    found = (search for search in searches if _found(facts, value, search))
    return next((search for search in found if search.value_before != value), None)


def _found(facts: KindFacts, value: str, search: LeadSearch) -> bool:
    own = KINDS[Kind(search.kind)]
    is_same = own.value == facts.value and not own.judges
    return bool(value) and is_same and search.outcome == Outcome.FOUND and search.value == value


def put_back(pk: int) -> bool:
    """Give the lead of a search the value that it had before; return whether it could be done.

    It cannot once the lead has another value than the search wrote, is forgotten or is gone. Raises NotPutBack where
    the lead's table, or code of the project, refuses it.
    """
    try:
        return sql.transact(partial(_put_back, pk))
    except (InterfaceError, OperationalError, NotPutBack):
        raise
    except DatabaseError as error:
        raise NotPutBack(f"Its table refuses it: {type(error).__name__} {constraint(error)}".rstrip() + ".") from error
    except Exception as error:
        raise NotPutBack(f"Code of the project refuses it: {describe(error)}") from error


def _put_back(pk: int) -> bool:
    named = LeadSearch.objects.filter(pk=pk, effect=Effect.WRITTEN).first()
    mapping = registry.labelled(named.model) if named else None
    if named is None or mapping is None:
        return False
    # Jobs first, then the lead, as the writer of results and who forgets lock them.
    list(SearchJob.objects.select_for_update().filter(pk__in=_same(named).values("job")).order_by("pk").only("pk"))
    facts = KINDS[Kind(named.kind)]
    search = undoable(facts, named.value, written(named.crm_id))
    if search is None or search.pk != pk:
        return False
    restore = partial(_restore, mapping, facts, search)
    change = restore() if mapping.alias == sql.alias() else owned(mapping.alias, restore)
    if change is None:
        return False
    _forget_verdict(mapping, facts, search.crm_id)
    _same(search).update(effect=Effect.UNDONE)
    told = partial(values_written.send_robust, mapping.model, changes=[change], job_id=search.job_id)
    transaction.on_commit(told, using=sql.alias())
    return True


def _same(search: LeadSearch) -> QuerySet[LeadSearch]:
    """Return the search, and newer ones that wrote the same value over itself."""
    return LeadSearch.objects.filter(
        crm_id=search.crm_id,
        pk__gte=search.pk,
        kind=search.kind,
        outcome=Outcome.FOUND,
        effect=Effect.WRITTEN,
        value=search.value,
    )


def _restore(mapping: LeadMapping, facts: KindFacts, search: LeadSearch) -> Change | None:
    """Write the old value onto the locked lead; return None, and write nothing, where it has another by now."""
    crm_id, key = search.crm_id, mapping.key(search.crm_id)
    row = mapping.by_keys([key]).select_for_update().first()
    lead = reading.candidates([(mapping.label, crm_id)]).get(crm_id)
    if row is None or lead is None or getattr(lead, facts.value) != search.value:
        return None
    made, job = reading.made(mapping, [crm_id]).get(crm_id), search.job
    # The lead may have joined a search that had begun before it was made.
    if made is not None and (job.written_at or job.finished_at or job.created_at) < made:
        return None  # the key is somebody else's by now
    change = Change(
        model=mapping.model, key=key, crm_id=crm_id, field=facts.value, old=search.value, new=search.value_before
    )
    if mapping.has_own_write and key not in set(mapping.write([change])):
        return None
    _set(mapping, row, _columns(mapping, facts, search.value_before))
    if getattr(reading.candidates([(mapping.label, crm_id)])[crm_id], facts.value) != search.value_before:
        raise NotPutBack(f"{type(mapping).__name__}.write(), or a trigger, keeps the {facts.bare_noun} as it is.")
    return change


def _columns(mapping: LeadMapping, facts: KindFacts, value: str) -> dict[str, Any]:
    """Return what to write into the model's own columns: the value, and nothing that is known of it."""
    told = dict.fromkeys(filter(None, [facts.country, facts.status, facts.checked_at]), "")
    if not mapping.has_own_write:
        told[facts.value] = value
    fields = {name: mapping.column(name) for name in told}
    return {field.name: told[name] or (None if field.null else "") for name, field in fields.items() if field}


def _set(mapping: LeadMapping, row: Any, columns: dict[str, Any]) -> None:  # noqa: ANN401 - a lead of any model
    """Write columns as results are written where only the ORM can: without ``save()`` of the project."""
    for name, value in columns.items():
        setattr(row, name, value)
    times = [field for field in mapping.model._meta.concrete_fields if getattr(field, "auto_now", False)]
    for field in times:
        field.pre_save(row, add=False)
    if columns:
        mapping.rows().bulk_update([row], sorted({*columns, *(field.name for field in times)}))


def _forget_verdict(mapping: LeadMapping, facts: KindFacts, crm_id: str) -> None:
    """Blank what is known of the value beside the lead's table."""
    blanks: dict[str, Any] = {facts.value: "", f"{facts.value}_inputs": None, facts.status: "", facts.checked_at: None}
    if facts.country:
        blanks[facts.country] = ""
    key = crm_id.removeprefix(mapping.crm_id_prefix)
    LeadEnrichment.objects.filter(model=mapping.label, key=key).update(**blanks)
