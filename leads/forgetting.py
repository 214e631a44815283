"""Forget people: delete or blank their leads, blank what their searches and events hold, let nothing bring it back.

A search stays as a row without a person (effect ``erased``, a made-up crm_id), so that positions, counts and costs stay
true. Its job is marked: a late result that fits nobody is then dropped instead of kept aside. Somebody else who shared
the purchase under another crm_id keeps their own: they take the place in the job.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from django.apps import apps
from django.db import router
from django.db.models import Case, CharField, Count, F, Model, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from leads import bodies, erasing, home, persons, sql
from leads.erasing import Foreseen, NotForgotten
from leads.mapping import LeadMapping, OnForget, registry
from leads.models import (
    BatchedLead,
    EnrichmentRuleState,
    EnrichmentRun,
    LeadSearch,
    RuleLead,
    RunLead,
    SearchJob,
)
from leads.results import aside
from leads.runs.selecting import spellings
from leads.uploads import leftovers

__all__ = ["NotForgotten", "Traces", "foresee", "forget", "traces", "unknown"]

# People who are forgotten in one transaction.
_CHUNK = 500
_NOBODY = Concat(Value("forgotten-"), Cast("pk", CharField()))
_UNSAID = "What it said is gone: somebody of it was forgotten."

Outcome, Effect = LeadSearch.Outcome, LeadSearch.Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """How many rows hold something of people."""

    leads: int = 0
    searches: int = 0
    # Bodies of webhook events.
    bodies: int = 0
    # What is known of leads beside their tables.
    known: int = 0
    # Places in runs that are still to be planned.
    waiting: int = 0
    # Entries in the admin's log, which stay without a name.
    log_entries: int = 0

    def __add__(self, other: Traces) -> Traces:
        return Traces(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


def traces(crm_ids: Iterable[str]) -> Traces:
    """Count what forget() would delete or blank at most; changes nothing."""
    return sum(map(_count, _chunks(crm_ids)), Traces())


def foresee(crm_ids: Iterable[str]) -> Foreseen:
    """Tell what forget() would do to rows of the project, and to what hangs on them; changes nothing."""
    known = (registry.keys(chunk) for chunk in _chunks(crm_ids))
    each = (erasing.foresee(mapping, keys) for some in known for mapping, keys in some)
    return sum(each, Foreseen())


def forget(crm_ids: Iterable[str]) -> Traces:
    """Forget people for good, some hundred in one transaction; return what was deleted and blanked.

    Harmless to repeat. Raises NotForgotten when a lead is still there afterwards, or cannot be deleted or blanked: then
    nothing of its hundreds has changed.
    """
    return sum((sql.transact(partial(_forget, chunk)) for chunk in _chunks(crm_ids)), Traces())


def unknown(crm_ids: Iterable[str]) -> list[str]:
    """Return those of whom neither a lead nor a search is there, nor what is known of one."""
    return [crm_id for crm_id in crm_ids if not _is_known(crm_id)]


def _is_known(crm_id: str) -> bool:
    return "\x00" not in crm_id and (
        any(mapping.by_keys(keys).exists() for mapping, keys in registry.keys([crm_id]))
        or persons.searches([crm_id]).exists()
        or persons.known([crm_id]).exists()
    )


def _chunks(crm_ids: Iterable[str]) -> list[list[str]]:
    # No database keeps a NUL, nor can it be asked for one.
    known = sorted({crm_id for crm_id in crm_ids if "\x00" not in crm_id})
    return [known[at : at + _CHUNK] for at in range(0, len(known), _CHUNK)]


def _searches(crm_ids: Sequence[str]) -> QuerySet[LeadSearch]:
    return LeadSearch.objects.filter(crm_id__in=crm_ids)


def _spelled(crm_ids: Sequence[str]) -> Iterator[tuple[LeadMapping, list[str]]]:
    """Yield each mapping with the primary keys of its leads, in every form in which they are stored as text."""
    for mapping, keys in registry.keys(crm_ids):
        pks = mapping.by_keys(keys).values_list("pk", flat=True)
        yield mapping, [spelling for pk in pks for spelling in spellings(pk)]


def _waiting(crm_ids: Sequence[str]) -> Iterator[QuerySet[Any]]:
    """Yield where leads wait to be planned: in runs, or one by one."""
    for mapping, texts in _spelled(crm_ids):
        runs = EnrichmentRun.objects.filter(has_selection=True, model=mapping.label).values("pk")
        yield RunLead.objects.filter(run__in=runs, key__in=texts)
        yield BatchedLead.objects.filter(model=mapping.label, key__in=texts)


def _forget_by_rules(crm_ids: Sequence[str]) -> None:
    """Delete what rules remember. A row that stays must not be taken for a new one; the sweep deletes that soon."""
    for mapping, texts in _spelled(crm_ids):
        rules = EnrichmentRuleState.objects.filter(model=mapping.label).values("name")
        asked = RuleLead.objects.filter(rule__in=rules, key__in=texts)
        stays = mapping.on_forget != OnForget.DELETE
        (asked.filter(checked_at__isnull=False) if stays else asked).delete()
        asked.update(run=None, again_at=None)


def _count(crm_ids: Sequence[str]) -> Traces:
    jobs = SearchJob.objects.filter(pk__in=_searches(crm_ids).values("job"))
    return Traces(
        leads=sum(mapping.by_keys(keys).count() for mapping, keys in registry.keys(crm_ids)),
        searches=_searches(crm_ids).count(),
        bodies=bodies.of_jobs(jobs).count(),
        known=persons.known(crm_ids).count(),
        waiting=sum(rows.count() for rows in _waiting(crm_ids)),
        log_entries=sum(entries.count() for entries in _log_entries(crm_ids)),
    )


def _forget(crm_ids: Sequence[str]) -> Traces:
    # Jobs first, then leads in the order of their keys, as the writer of results locks them.
    renamed = LeadSearch.objects.sent_as(crm_ids)
    wanted = Q(pk__in=_searches(crm_ids).values("job")) | Q(pk__in=renamed.values("job"))
    jobs = list(SearchJob.objects.select_for_update().filter(wanted).order_by("pk"))
    # Before the keys and names are gone.
    words, names = persons.words(crm_ids), persons.names(crm_ids)
    told = sum(entries.update(object_repr="forgotten", change_message="") for entries in _log_entries(crm_ids))
    waiting = sum(rows.delete()[0] for rows in _waiting(crm_ids))
    leftovers.forget({*crm_ids, *words, *names})
    _forget_by_rules(crm_ids)
    number = sum(erasing.erase(mapping, keys) for mapping, keys in registry.keys(crm_ids))
    known, _ = persons.known(crm_ids).delete()
    # Who was merged into another is that one by now; only the name that was sent is left.
    renamed.update(sent_as=_NOBODY)
    searches = _erase(crm_ids, jobs)
    # A worker that prepares one of them has read the person already.
    _mark(jobs)
    blanked = bodies.blank_of_jobs(jobs) + bodies.blank_about(crm_ids, words, names, but=jobs)
    return Traces(leads=number, searches=searches, bodies=blanked, known=known, waiting=waiting, log_entries=told)


def _mark(jobs: Sequence[SearchJob]) -> None:
    """Let nothing of the people back into their jobs, and take out what Enrow, or a table, said of them."""
    mine = SearchJob.objects.filter(pk__in=[job.pk for job in jobs])
    mine.prepare_again()
    mine.update(has_forgotten=True)
    # The last error of these names leads.
    mine.filter(pk__in=[job.pk for job in jobs if job.refused]).update(refused=_refused_of_job(), last_error="")
    mine.exclude(last_error__in=["", home.HELD]).update(last_error=_UNSAID)
    aside.recount([job.pk for job in jobs])


def _log_entries(crm_ids: Sequence[str]) -> Iterator[QuerySet[Any]]:
    """Yield what Django's admin log says of people: decisions about their searches, and edits of their leads."""
    if not apps.is_installed("django.contrib.admin"):
        return
    searches = _searches(crm_ids).values_list("pk", flat=True)
    yield _entries(LeadSearch, list(map(str, searches)), crm_ids)
    for mapping, keys in registry.keys(crm_ids):
        pks = list(mapping.by_keys(keys).values_list("pk", flat=True))
        # A row that is gone has its entries all the same.
        known = keys if mapping.key_name == mapping.model._meta.pk.name else ()
        yield _entries(mapping.model, [*map(str, pks), *map(str, known)], list(keys.values()))


def _entries(model: type[Model], pks: Sequence[str], names: Sequence[str]) -> QuerySet[Any]:
    log, own = apps.get_model("admin", "LogEntry"), model._meta
    alike = [other._meta.model_name for other in apps.get_models() if other._meta.concrete_model is own.concrete_model]
    about = Q(object_id__in=pks) | Q(object_repr__in=names)
    kind = {"content_type__app_label": own.app_label, "content_type__model__in": alike}
    return log._default_manager.using(router.db_for_write(log)).filter(about, **kind)


def _refused_of_job() -> Coalesce:
    left = LeadSearch.objects.filter(job=OuterRef("pk"), effect=Effect.REFUSED).order_by().values("job")
    return Coalesce(Subquery(left.values(number=Count("pk"))), 0)


def _erase(crm_ids: Sequence[str], jobs: Sequence[SearchJob]) -> int:
    """Take the person out of the searches, and let the first who shares the purchase take their place."""
    heirs = _heirs(crm_ids)
    unsent = [job.pk for job in jobs if job.state in SearchJob.UNSENT]
    leaves = Q(job_id__in=unsent) | Q(pk__in=[buyer for buyer, _, _ in heirs])
    erased = _searches(crm_ids).update(
        position=Case(When(leaves, then=None), default=F("position")),
        outcome=Case(
            When(outcome__in=[Outcome.PENDING, *LeadSearch.FAILURES], then=Value(Outcome.CANCELLED)),
            default=F("outcome"),
        ),
        model="",
        crm_id=_NOBODY,
        sent_as="",
        effect=Effect.ERASED,
        fingerprint=None,
        inputs=None,
        value="",
        country="",
        value_before="",
        error="",
    )
    for _, heir, position in heirs:
        LeadSearch.objects.filter(pk=heir).update(position=position)
    return erased


def _heirs(crm_ids: Sequence[str]) -> list[tuple[int, int, int | None]]:
    """Return for each purchase that somebody else shares: its row, the row of the first who shares it, its position."""
    bought = _searches(crm_ids).filter(position__isnull=False, fingerprint__isnull=False)
    places = {
        (job, fingerprint): (pk, position)
        for pk, job, fingerprint, position in bought.values_list("pk", "job", "fingerprint", "position")
    }
    sharing = (
        LeadSearch.objects.filter(
            job__in={job for job, _ in places},
            fingerprint__in={fingerprint for _, fingerprint in places},
            position__isnull=True,
        )
        .exclude(crm_id__in=crm_ids)
        .order_by("-pk")
        .values_list("job", "fingerprint", "pk")
    )
    first: dict[tuple[uuid.UUID, uuid.UUID | None], int] = {(job, name): pk for job, name, pk in sharing}
    return [(places[key][0], heir, places[key][1]) for key, heir in first.items() if key in places]
