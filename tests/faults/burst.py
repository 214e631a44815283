"""Many events at once, from threads that deliver again what was not acknowledged."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import connection
from django.utils import timezone

from enrow_webhooks.client.http import EnrowClient
from enrow_webhooks.client.values import FindEmail, Kind
from enrow_webhooks.inbox.addresses import sign
from leads.models import Lead, LeadSearch, SearchJob
from tests.faults.stage import Scene
from tests.faults.support import PATIENCE, make_leads, wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One event, as the sandbox would have sent it."""

    path: str
    body: bytes


def searches_without_event(scene: Scene, count: int) -> list[Letter]:
    """Let so many people be searched one by one; return the events, which the sandbox wrote and did not send.

    The rows are made here, because planning and sending are not what a burst of events is about.
    """
    scene.sandbox.tell("settings", chaos="drop", rate=0)
    make_leads(count)
    leads = list(Lead.objects.all())
    later = timezone.now() + dt.timedelta(hours=1)
    jobs = [
        SearchJob(
            run=uuid.uuid4(),
            kind=Kind.FIND_EMAIL,
            state=SearchJob.State.RUNNING,
            requested=1,
            credits_reserved=1,
            sent_at=timezone.now(),
            next_check_at=later,
        )
        for _ in leads
    ]
    queries = [
        FindEmail(fullname=lead.display_name(), company_domain=lead.company_domain, crm_id=lead.crm_id)
        for lead in leads
    ]
    with EnrowClient("sandbox-key", base_url=scene.sandbox.url) as client, ThreadPoolExecutor(2) as pool:
        urls = [f"{scene.ground.site}/webhooks/enrow/{sign(str(job.pk))}/" for job in jobs]
        launches = pool.map(lambda query, url: client.launch(Kind.FIND_EMAIL, [query], webhook=url), queries, urls)
        for job, launch in zip(jobs, launches, strict=True):
            job.enrow_id = launch.id
    SearchJob.objects.bulk_create(jobs)
    LeadSearch.objects.bulk_create(
        LeadSearch(
            job=job, model="leads.lead", crm_id=lead.crm_id, kind=job.kind, position=0, fingerprint=query.fingerprint
        )
        for job, lead, query in zip(jobs, leads, queries, strict=True)
    )
    wait_until(lambda: not scene.sandbox.ask("state")["pending"], "the sandbox has written every event")
    unsent = scene.sandbox.ask("deliveries")
    return [
        Letter(path=urlsplit(one["url"]).path, body=json.dumps(one["body"], default=float).encode()) for one in unsent
    ]


class Burst:
    """Threads that deliver letters; one that is answered by 5xx, or not at all, is delivered again."""

    def __init__(self, port: int, letters: list[Letter], *, threads: int = 8) -> None:
        self.answers: Counter[int | str] = Counter()
        # How often each letter was acknowledged, and how often it was sent.
        self.acknowledged: Counter[bytes] = Counter()
        self.sent: Counter[bytes] = Counter()
        self.done = 0
        self._port = port
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads)
        self._threads = [self._pool.submit(self._deliver, letters[turn::threads]) for turn in range(threads)]

    def wait_for(self, share: float, of: int) -> None:
        """Wait until so many of the letters are acknowledged."""
        wait_until(lambda: self.done >= share * of, f"{share:.0%} of the letters are delivered")

    def finish(self) -> None:
        """Wait for the threads; raise what one of them died of."""
        for thread in self._threads:
            thread.result(timeout=PATIENCE)
        self._pool.shutdown()

    def _deliver(self, letters: list[Letter]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        with contextlib.closing(connection):
            for letter in letters:
                deadline = time.monotonic() + PATIENCE
                while not self._is_taken(connection, letter):
                    assert time.monotonic() < deadline, "one letter is never taken"
                    time.sleep(0.02)

    def _is_taken(self, connection: http.client.HTTPConnection, letter: Letter) -> bool:
        status: int | str
        try:
            connection.request("POST", letter.path, letter.body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            # gunicorn closed an idle connection, as it may.
            connection.close()
            status = "no answer"
        with self._lock:
            self.sent[letter.body] += 1
            self.answers[status] += 1
            self.acknowledged[letter.body] += status == 200
            self.done += status == 200
        return status == 200


def cut_database_connections() -> int:
    """End every connection to the test database but our own, as a restart of the server does; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])
