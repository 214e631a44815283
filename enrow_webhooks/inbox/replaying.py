"""Put events back in line and process them in this process; before that, tell what it would come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from enrow_webhooks.client.errors import UnreadableEvent
from enrow_webhooks.client.events import EventType
from enrow_webhooks.client.scrub import describe, scrub
from enrow_webhooks.inbox import processing
from enrow_webhooks.models import WebhookEvent, WebhookEventQuerySet
from enrow_webhooks.signals import Forecast, KeepAside, event_questioned


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of the events."""

    # How many stand in each state afterwards.
    states: Counter[str]
    # Events whose body was blanked by prune_events; they cannot be replayed.
    pruned: int

    @property
    def unsettled(self) -> int:
        """Events that failed once more."""
        return sum(number for state, number in self.states.items() if state in {"failed", "dead"})


def chosen(ids: Collection[int], states: Collection[str]) -> WebhookEventQuerySet:
    """Return the events with one of the ids and in one of the states; either may be left out, which means any."""
    events = WebhookEvent.objects.order_by("pk")
    if ids:
        events = events.filter(pk__in=ids)
    return events.filter(state__in=states) if states else events


def replay(events: WebhookEventQuerySet) -> Replayed:
    """Put the events back in line and process them one by one; one that fails again does not keep the others."""
    pruned = events.filter(payload="").count()
    pks = list(events.exclude(payload="").values_list("pk", flat=True))
    states: Counter[str] = Counter()
    for pk in pks:
        row = WebhookEvent.objects.filter(pk=pk)
        row.replay()
        processing.process(pk)
        states.update(row.values_list("state", flat=True))
    return Replayed(states=states, pruned=pruned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One event, and what processing it again would come to."""

    pk: int
    event: str
    state: str
    # Its last error, without addresses and numbers.
    last_error: str
    forecast: Forecast


def preview(events: WebhookEventQuerySet) -> Iterator[Preview]:
    """Tell what a replay would do to each event; changes nothing and asks nobody outside."""
    for row in events.iterator(chunk_size=100):
        yield Preview(
            pk=row.pk,
            event=row.event,
            state=row.state,
            last_error=scrub(row.last_error.partition("\n")[0]),
            forecast=_forecast(row),
        )


def _forecast(row: WebhookEvent) -> Forecast:
    if not row.payload:
        return Forecast(sentence="Its body is gone: it cannot be processed again.")
    try:
        event = processing.read(row)
    except UnreadableEvent as error:
        return Forecast(sentence=f"It would fail again: {error}")
    if event.type is EventType.UNKNOWN:
        return Forecast(sentence="It would be ignored: Enrow's documentation does not know this event.")
    answers = [answer for _, answer in event_questioned.send_robust(sender=WebhookEvent, event=event)]
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, KeepAside):
            return Forecast(sentence=f"It cannot be told what it would do: {describe(answer)}")
    verdicts = (answer for answer in answers if isinstance(answer, KeepAside))
    aside = next((Forecast(sentence=f"It would be kept aside: {verdict}") for verdict in verdicts), _NOBODYS)
    return next((answer for answer in answers if isinstance(answer, Forecast)), aside)


_NOBODYS = Forecast(sentence="It would be ignored: nothing of ours belongs to it.")
