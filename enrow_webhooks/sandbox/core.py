"""The sandbox itself: settings, account, searches and their ends. It knows nothing of HTTP."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self, Unpack

from enrow_webhooks.sandbox import events, results, validation
from enrow_webhooks.sandbox.agenda import Agenda, Task
from enrow_webhooks.sandbox.chaos import Mischief, Switch
from enrow_webhooks.sandbox.courier import Courier
from enrow_webhooks.sandbox.delivery import Delivery, OutgoingEvent
from enrow_webhooks.sandbox.endpoints import Endpoint
from enrow_webhooks.sandbox.jobs import Job, State
from enrow_webhooks.sandbox.known import Known
from enrow_webhooks.sandbox.ledger import Entry, Ledger
from enrow_webhooks.sandbox.settings import Changes, Settings, changed
from enrow_webhooks.sandbox.throttle import Throttle

# An event of a search that ends at once waits for its POST to be answered, but no longer than this, in case nobody
# reads the answer.
_PATIENCE = 0.25


class Sandbox:
    """One fake account at Enrow. Safe to use from several threads; close it, or use it in a ``with`` statement."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        agenda: Agenda | None = None,
        **changes: Unpack[Changes],
    ) -> None:
        """Take settings, or the changes to the usual ones, and an agenda by the same clock if not one with threads.

        Raises ValueError for a setting that does not exist.
        """
        self.settings = changed(settings or Settings(), changes)
        self.clock = clock
        self.known = Known()
        """Whom it was told of; for the searches that are launched from now on."""
        self.ledger = Ledger(self.settings.credits, self.settings.paygo)
        self.requests: Counter[str] = Counter()
        """How many requests got which answer: ``POST /phone/single 201``; a lost answer counts as ``lost``."""
        self.keys_seen: set[str] = set()
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._ends: dict[str, Task] = {}
        self._ending = threading.Event()
        self._agenda = agenda or Agenda(clock)
        self._courier = Courier(self._agenda, clock)
        self.mischief = Mischief(self.settings.chaos, self.settings.seed)
        self.throttle = Throttle(self.settings.rate, clock)

    @property
    def jobs(self) -> list[Job]:
        """Every accepted search, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver an event, in the order in which they ended."""
        return self._courier.deliveries

    @property
    def pending(self) -> int:
        """How many ends and deliveries are still to come."""
        return self._agenda.pending

    def configure(self, **changes: Unpack[Changes]) -> Settings:
        """Change settings while the sandbox runs. ``credits`` sets the balance.

        Raises ValueError and changes nothing when one is wrong.
        """
        with self._lock:
            before = self.settings
            self.settings = now = changed(before, changes)
            if "credits" in changes:
                self.ledger.set_balance(now.credits)
            if "chaos" in changes or "seed" in changes:
                self.mischief = Mischief(now.chaos, now.seed)
            if "rate" in changes:
                self.throttle = Throttle(now.rate, self.clock)
            return now

    def reset(self) -> None:
        """Forget searches, deliveries, purchases and counters, and refill the balance. Settings stay."""
        with self._lock:
            self._agenda.clear()
            self._courier.reset()
            self._jobs.clear()
            self._ends.clear()
            self.requests.clear()
            self.keys_seen.clear()
            self.ledger = Ledger(self.settings.credits, self.settings.paygo)
            self.mischief = Mischief(self.settings.chaos, self.settings.seed)
            self.throttle = Throttle(self.settings.rate, self.clock)

    def launch(self, endpoint: Endpoint, payload: validation.Payload, raw: bytes) -> tuple[Job, Entry]:
        """Bill and store a request that passed its checks. Raises InsufficientCreditsError."""
        rows = validation.rows_of(endpoint, payload)
        settings = self.settings
        now = self.clock()
        job = Job(
            id=str(uuid.uuid4()),
            endpoint=endpoint,
            raw=raw,
            webhook=_webhook_of(payload),
            requested=len(rows),
            hits=results.count_hits(endpoint.kind, rows, self.known),
            doomed=validation.is_doomed(endpoint, payload, raw),
            price=settings.profile.price(endpoint.kind),
            accepted_at=now,
            due_at=now + settings.delay,
            seed=settings.seed,
            known=self.known,
        )
        with self._lock:
            entry = self.ledger.take(job.id, endpoint.kind, price=job.price, rows=job.requested, people=job.people)
            self._jobs[job.id] = job
        return job, entry

    def let_run(self, job: Job) -> list[Task]:
        """Plan the end of a search, or bring it about when it is due.

        Returns the deliveries that wait for the POST to be answered.
        """
        if self.mischief.strikes(Switch.EARLY):
            self.finish(job, deliver_now=True)
            return []
        if job.due_at <= self.clock():
            return self.finish(job, hold=_PATIENCE)
        with self._lock:
            self._ends[job.id] = self._agenda.add(job.due_at, lambda _: self._end(job))
        return []

    def answered(self, tasks: list[Task]) -> None:
        """Let these deliveries go: their POST has its answer."""
        self._agenda.hasten(tasks)

    def job(self, endpoint: Endpoint, job_id: str) -> Job | None:
        """Return the search with this id, if it belongs to this endpoint; one that is due ends first."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or job.endpoint is not endpoint:
            return None
        if job.state is State.ONGOING and job.due_at <= self.clock():
            self.finish(job)
        return job

    def hides(self, job: Job) -> bool:
        """Tell whether a GET does not know this search yet, as ``unknown-for-a-while`` has it."""
        with self._lock:
            if job.hidden_gets is None and self.mischief.is_on(Switch.UNKNOWN_FOR_A_WHILE):
                strikes = self.mischief.strikes(Switch.UNKNOWN_FOR_A_WHILE)
                job.hidden_gets = self.settings.unknown_gets if strikes else 0
            if not job.hidden_gets:
                return False
            job.hidden_gets -= 1
            return True

    def finish(self, job: Job, *, hold: float = 0.0, deliver_now: bool = False) -> list[Task]:
        """End a search, refund it and send its events. A second call changes nothing."""
        with self._lock:
            if job.state is not State.ONGOING or self._jobs.get(job.id) is not job:
                return []
            job.state = State.FAILED if job.doomed else State.COMPLETED
            self._ends.pop(job.id, None)
            self.ledger.settle(job.id, job.refund, void=job.doomed)
            settings, mischief = self.settings, self.mischief
        tasks: list[Task] = []
        for event in self._events(job, settings):
            if deliver_now:
                self._courier.send_now(event, settings, mischief)
            else:
                tasks += self._courier.send(event, settings, mischief, hold=hold)
        return tasks

    def finish_all(self) -> int:
        """End every running search now, whatever its delay. Returns how many ended."""
        with self._lock:
            running = [job for job in self._jobs.values() if job.state is State.ONGOING]
            ends = [self._ends[job.id] for job in running if job.id in self._ends]
        self._agenda.drop(ends)
        for job in running:
            self.finish(job)
        return len(running)

    def flush(self) -> None:
        """Deliver at once whatever is held back or late."""
        self._courier.flush()

    def wait_until_idle(self, timeout: float = 10.0) -> bool:
        """Wait until no search runs and no event is on its way; tell whether that came within so many seconds."""
        return self._agenda.wait_until_idle(timeout)

    def pause(self, seconds: float) -> None:
        """Wait so long with an answer, or until ``end_pauses``."""
        self._ending.wait(seconds)

    def end_pauses(self) -> None:
        """Let every slow answer go, and make none any more: the server stops."""
        self._ending.set()

    def count_request(self, method: str, path: str, status: int | str) -> None:
        """Count one answered request."""
        with self._lock:
            self.requests[f"{method} {path} {status}"] += 1

    def note_key(self, key: str) -> None:
        """Remember that this key was used."""
        with self._lock:
            self.keys_seen.add(key)

    def close(self) -> None:
        """End all threads. What has not been sent is not sent any more."""
        self.end_pauses()
        self._agenda.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self, job: Job) -> None:
        self.finish(job)

    def _events(self, job: Job, settings: Settings) -> list[OutgoingEvent]:
        urls = (job.webhook,) if job.webhook else settings.webhooks
        if not urls or (job.doomed and not settings.profile.failed_batch_notifies):
            return []
        body = events.body_of(job, settings.profile, self.ledger.balance)
        return [OutgoingEvent(job_id=job.id, url=url, body=body) for url in urls]


def _webhook_of(payload: validation.Payload) -> str:
    settings = payload.get("settings")
    webhook = settings.get("webhook") if isinstance(settings, dict) else None
    return webhook if isinstance(webhook, str) else ""
