"""When each event goes out, and every way in which chaos has it go wrong."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import requests

from enrow_webhooks.sandbox import events
from enrow_webhooks.sandbox.agenda import Agenda, Task, Work
from enrow_webhooks.sandbox.chaos import Mischief, Switch
from enrow_webhooks.sandbox.delivery import Delivery, Manner, Outcome, OutgoingEvent, attempt, record
from enrow_webhooks.sandbox.settings import Settings

logger = logging.getLogger(__name__)


class Courier:
    """Delivers events through the threads of an agenda. Safe to use from several threads."""

    def __init__(self, agenda: Agenda, clock: Callable[[], float]) -> None:
        """Send from the agenda's threads, by the agenda's clock."""
        self._agenda = agenda
        self._clock = clock
        self._lock = threading.Lock()
        self._deliveries: list[Delivery] = []
        self._held: list[Work] = []
        self._passed = 0
        self._alarm: Task | None = None

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt, in the order in which they ended."""
        with self._lock:
            return list(self._deliveries)

    def send(self, event: OutgoingEvent, settings: Settings, mischief: Mischief, *, hold: float = 0.0) -> list[Task]:
        """Send an event, ``hold`` seconds from now, in whatever way chaos has for it.

        Returns the tasks that do not wait for chaos.
        """
        if mischief.strikes(Switch.DROP):
            self._keep(record(event, Outcome.DROPPED, error="chaos: drop"))
            return []
        work = self._attempt(event, settings, mischief)
        copies = settings.duplicates if mischief.strikes(Switch.DUPLICATE) else 1
        if mischief.strikes(Switch.REORDER):
            return self._hold_back([work] * copies, settings, hold)
        late = settings.late_seconds if mischief.strikes(Switch.LATE) else 0.0
        due = self._clock() + (late or hold)
        tasks = [self._agenda.add(due, work, delivers=True) for _ in range(copies)]
        self._let_pass(settings)
        return [] if late else tasks

    def send_now(self, event: OutgoingEvent, settings: Settings, mischief: Mischief) -> None:
        """Send an event and return when the receiver has it; dropped and repeated as chaos wills, never late."""
        if mischief.strikes(Switch.DROP):
            self._keep(record(event, Outcome.DROPPED, error="chaos: drop"))
            return
        work = self._attempt(event, settings, mischief)
        copies = settings.duplicates if mischief.strikes(Switch.DUPLICATE) else 1
        self._agenda.complete([work] * copies, timeout=settings.webhook_timeout)

    def flush(self) -> None:
        """Send at once whatever is held back or late."""
        self._let_go()
        self._agenda.hasten()

    def reset(self) -> None:
        """Forget all records and whatever is held back."""
        with self._lock:
            self._deliveries.clear()
            self._held, self._alarm, self._passed = [], None, 0

    def _attempt(self, event: OutgoingEvent, settings: Settings, mischief: Mischief) -> Work:
        body = event.body
        if mischief.strikes(Switch.NESTED_PHONE):
            body = events.nest_phone(body)
        if mischief.strikes(Switch.FOREIGN_FIELDS):
            body = events.add_foreign_fields(body)
        manner = Manner(
            allow_loopback_http=settings.allow_loopback_http,
            timeout=settings.webhook_timeout,
            slowness=settings.slow_seconds if mischief.strikes(Switch.SLOW) else 0.0,
            closing=self._agenda.closing,
        )
        shown = replace(event, body=body)
        return lambda session: self._keep(attempt(shown, session, manner))

    def _keep(self, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries.append(delivery)
        if delivery.outcome in (Outcome.FAILED, Outcome.REFUSED):
            # The end of an error may quote the URL, and its secret.
            why = delivery.error.partition(":")[0] or f"the answer was {delivery.status}"
            logger.warning("Nobody took the event of search %s: %s", delivery.job_id, why)

    def _hold_back(self, attempts: list[Work], settings: Settings, hold: float) -> list[Task]:
        with self._lock:
            self._held.append(_one_after_another(attempts))
            full = len(self._held) + self._passed >= settings.reorder_window
            if self._alarm is None:
                self._alarm = self._agenda.add(
                    self._clock() + settings.reorder_seconds, lambda _: self._ring(), delivers=True
                )
        return self._let_go(hold) if full else []

    def _ring(self) -> None:
        self._let_go()

    def _let_pass(self, settings: Settings) -> None:
        with self._lock:
            self._passed += 1 if self._held else 0
            full = bool(self._held) and len(self._held) + self._passed > settings.reorder_window
        if full:
            self._let_go()

    def _let_go(self, hold: float = 0.0) -> list[Task]:
        with self._lock:
            held, alarm = self._held[::-1], self._alarm
            self._held, self._alarm, self._passed = [], None, 0
        if alarm is not None:
            self._agenda.hasten([alarm])
        if not held:
            return []
        return [self._agenda.add(self._clock() + hold, _one_after_another(held), delivers=True)]


def _one_after_another(works: list[Work]) -> Work:
    def run(session: requests.Session) -> None:
        for work in works:
            work(session)

    return run
