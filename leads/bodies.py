"""What bodies of webhook events hold of people: blanked when they are forgotten, and not kept where nobody is meant.

A body belongs to somebody by the search job whose URL it came on, by the ids and the crm_ids that it names, or by words
in it: one that came by a shared secret may say no more.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from enrow_webhooks.client.answers import crm_id_of
from enrow_webhooks.client.words import holds
from enrow_webhooks.models import WebhookEvent
from leads.mapping import registry
from leads.models import LeadSearch, SearchJob

_NOTE = "Somebody of it was forgotten; its body is gone."
# Rows that are looked through at once.
_AT_ONCE = 500

State = WebhookEvent.State
# Bodies that say nothing of the job on whose URL they came, or came on no job's.
_LOOSE = Q(reference="") | ~Q(state=State.PROCESSED)


def blank_of_jobs(jobs: Collection[SearchJob], ids: Collection[str] = ()) -> int:
    """Blank the bodies of the jobs' events, but those that wait while somebody who is not forgotten waits for them.

    ``ids``: other names that Enrow gave to the search, as an older event has two.
    """
    others = LeadSearch.objects.filter(job__in=jobs).exclude(effect=LeadSearch.Effect.ERASED)
    open_jobs = SearchJob.objects.filter(pk__in=others.values("job"), state__in=SearchJob.AWAITING)
    needed = set(open_jobs.values_list("pk", flat=True))
    over, open_ = ([job for job in jobs if (job.pk in needed) is is_open] for is_open in (False, True))
    unused = of_jobs(open_, ids).exclude(state__in=WebhookEvent.WAITING)
    return _blank(of_jobs(over, ids if over else ())) + (_blank(unused) if open_ else 0)


def of_jobs(jobs: Iterable[SearchJob], ids: Collection[str] = ()) -> QuerySet[WebhookEvent]:
    """Return the events of jobs that still have a body."""
    names = [(str(job.pk), job.enrow_id) for job in jobs]
    searches = {name for _, name in names if name}.union(ids)
    about = Q(reference__in=[reference for reference, _ in names]) | Q(enrow_id__in=searches)
    return WebhookEvent.objects.filter(about).exclude(payload="")


def blank_about(
    crm_ids: Collection[str], words: Collection[str], names: Collection[str], *, but: Collection[SearchJob]
) -> int:
    """Blank the bodies beside those of the people's own jobs that hold one of their words; return how many.

    ``names`` are many people's: they count only in what nobody can process any more. ``but``: the people's own jobs.
    """
    strong, weak = ({word.casefold() for word in some if word} for some in ({*crm_ids, *words}, names))
    own = [str(job.pk) for job in but]
    loose = WebhookEvent.objects.filter(_LOOSE).exclude(payload="").exclude(reference__in=own)
    found = [
        row.pk
        for row in loose.only("pk", "payload", "state").iterator(chunk_size=_AT_ONCE)
        if _is_about(row, set(crm_ids), strong, weak)
    ]
    chunks = [found[at : at + _AT_ONCE] for at in range(0, len(found), _AT_ONCE)]
    return sum(_blank(WebhookEvent.objects.filter(pk__in=chunk)) for chunk in chunks)


def _is_about(row: WebhookEvent, crm_ids: set[str], strong: set[str], weak: set[str]) -> bool:
    if row.state in WebhookEvent.WAITING:
        # Somebody else may wait for it: only by whom it names.
        named = set(_crm_ids(row.payload))
        return bool(named) and named <= crm_ids
    text = _text(row.payload)
    return holds(text, strong | weak if row.state == State.IGNORED else strong)


def may_be_kept(reference: str, payload: str, *, is_wanted: bool) -> bool:
    """Tell whether the body of an event that nobody took may stay, for a person to look at.

    Nobody knows who was forgotten: so only what names leads, all of which are here, and on the URL of a job only where
    nobody of it was forgotten. What the project wanted, and failed with to the end, need not name anybody.
    """
    if reference and not _is_whole(reference):
        return False
    named = set(_crm_ids(payload))
    here = {crm_id for mapping, keys in registry.keys(named) for crm_id in _there(mapping.by_keys(keys), keys)}
    return named <= here and bool(named or is_wanted)


def _there(rows: QuerySet[Any], keys: dict[Any, str]) -> Collection[str]:
    return keys.values() if rows.count() == len(keys) else ()


def _is_whole(reference: str) -> bool:
    with contextlib.suppress(ValueError):
        return SearchJob.objects.filter(pk=uuid.UUID(reference), has_forgotten=False).exists()
    return False


def _blank(events: QuerySet[WebhookEvent]) -> int:
    waiting = Q(state__in=[*WebhookEvent.WAITING, State.DEAD])
    # What can be processed no more has ended here.
    ended = events.filter(waiting).update(
        state=State.IGNORED, processed_at=timezone.now(), payload="", last_error=_NOTE
    )
    return ended + events.exclude(payload="").update(payload="", last_error="")


def _crm_ids(payload: str) -> Iterator[str]:
    """Yield the crm_ids that a body names, wherever they stand in it."""
    for value in _walk(_decoded(payload)):
        if isinstance(value, dict):
            yield from _own_names(value)


def _own_names(part: dict[str, Any]) -> Iterator[str]:
    yield from filter(None, (crm_id_of(part.get("custom")), crm_id_of(part)))


def parts_about(payload: str, crm_id: str, *, is_batch: bool) -> list[dict[str, Any]]:
    """Return the parts of a body that name this person; of a batch never the whole, which is about others, too."""
    whole = _decoded(payload)
    waiting, found = [whole], []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and crm_id in _own_names(value) and not (is_batch and value is whole):
            found.append(value)
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def _text(payload: str) -> str:
    """Return all that a body says, without the escapes of JSON, which would hide a word."""
    said = (str(part) for value in _walk(_decoded(payload)) for part in (value if isinstance(value, dict) else [value]))
    return "\n".join(said).casefold()


def _decoded(payload: str) -> object:
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(payload)
    return None


def _walk(value: object) -> Iterator[object]:
    """Yield a JSON value and all that is in it."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
