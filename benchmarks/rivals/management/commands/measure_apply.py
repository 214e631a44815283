"""Seed leads and batches, apply results to them in every way in turn, print the times as JSON."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from benchmarks.processes import cpu_seconds
from benchmarks.rivals import applying, mapped
from benchmarks.rivals.applying import Came
from benchmarks.rivals.models import Contact
from enrow_webhooks.client.answers import bulk_answer
from enrow_webhooks.client.values import FindEmail, FindPhone, Kind, VerifyEmail
from enrow_webhooks.gc_tuning import calm
from leads import reading
from leads.digests import digest
from leads.mapping import register
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import purchases
from leads.outbox.purchases import Wanted
from leads.results import applying as results

# Coprime to every number of leads here: steps of it visit each lead once, far from the one before.
_STEP = 7919

_LEADS = """
INSERT INTO leads_lead (crm_id, firstname, lastname, fullname, company_name, company_domain, linkedin_url, country_code,
    email, email_status, phone, phone_country, phone_status, created_at, updated_at)
SELECT 'crm-' || n, 'Ann' || n, 'Somebody', '', 'Firm ' || n / 7, 'firm' || n / 7 || '.com',
    'https://www.linkedin.com/in/ann' || n || '-somebody/', '',
    CASE WHEN n %% 6 = 0 THEN 'ann@firm' || n || '.com' ELSE '' END,
    '', '', '', '', now() - interval '1 day', now() - interval '1 day'
FROM generate_series(1, %s) n
"""
# One search of last year per lead: nobody's tables are empty.
_HISTORY = """
INSERT INTO leads_leadsearch
    (job_id, model, crm_id, kind, position, fingerprint, outcome, value, country, value_before, effect, error)
SELECT %s, 'leads.lead', 'crm-' || n, 'find_phone', n, md5('old' || n)::uuid, 'not_found', '', '', '', 'written', ''
FROM generate_series(1, %s) n
"""


class Batch(NamedTuple):
    """A running job, and the body that its GET would give."""

    job: uuid.UUID
    kind: Kind
    numbers: list[int]
    body: dict[str, Any]
    prefix: str

    def came(self) -> dict[str, Came]:
        """Return what came for each lead, for those who have no answer to read."""
        rows = zip(self.crm_ids(), self.body["results"], strict=True)
        return {crm_id: Came("found" if row["email"] else "not_found", row["email"] or "") for crm_id, row in rows}

    def crm_ids(self) -> list[str]:
        """Return the leads of the batch in the order of the POST."""
        return [f"{self.prefix}{number}" for number in self.numbers]


class Command(BaseCommand):
    """Prints one JSON object: per way the milliseconds of each round, and how many rows a round has."""

    help = "Measure how results are applied; needs an empty, migrated database."

    def add_arguments(self, parser: CommandParser) -> None:
        """Read the size."""
        parser.add_argument("--leads", type=int, required=True)
        parser.add_argument("--rounds", type=int, required=True)
        parser.add_argument("--rows", type=int, default=5000)

    def handle(self, *args: object, **options: Any) -> None:
        """Seed, measure round by round, print."""
        calm()  # as a worker is
        register(Contact)(mapped.ContactMapping)
        seed(options["leads"])
        numbers = {
            (prefix, known): scattered(options["leads"], known=known) for prefix in _MODELS for known in (False, True)
        }
        rows = {name: min(options["rows"], _FEWER.get(name, options["rows"])) for name in WAYS}
        measured: dict[str, list[Spent]] = {name: [] for name in WAYS}
        names = list(WAYS)
        for turn in range(options["rounds"] + 1):
            # Who comes first changes: a checkpoint makes the next writer pay for whole pages.
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                kind, way, prefix = WAYS[name]
                # The first round only warms up.
                size = rows[name] if turn else rows[name] // 10
                known = numbers[prefix, kind is Kind.VERIFY_EMAIL]
                batch = prepare(kind, list(itertools.islice(known, size)), prefix)
                assert len(batch.numbers) == size, "too few leads for so many rounds"
                spent = timed(way(batch))
                check(name, batch)
                if turn:
                    measured[name].append(spent)
        self.stdout.write(json.dumps({"rows": rows, "measured": measured}))


class Spent(NamedTuple):
    """What one write took, in milliseconds: on the clock, and of processors (this process and its connection)."""

    clock: float
    cpu: float


def timed(write: Callable[[], object]) -> Spent:
    """Measure one call."""
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    cpu, clock = cpu_seconds(backend) + time.process_time(), time.perf_counter()
    write()
    clock = time.perf_counter() - clock
    return Spent(1000 * clock, 1000 * (cpu_seconds(backend) + time.process_time() - cpu))


def seed(leads: int) -> None:
    """Fill both tables."""
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, [leads])
        mapped.seed(leads)
        old = SearchJob.objects.create(run=uuid.uuid4(), kind="find_phone", state=SearchJob.State.FINISHED)
        cursor.execute(_HISTORY, [old.pk, leads])
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def scattered(leads: int, *, known: bool) -> Iterator[int]:
    """Yield the leads that have an address, or that have none, each once, scattered over the table."""
    every = (1 + turn * _STEP % leads for turn in range(leads))
    return (number for number in every if (number % 6 == 0) is known)


def prepare(kind: Kind, numbers: list[int], prefix: str) -> Batch:
    """Have a job running for these leads, by the code that queues one; nothing of it is timed."""
    job = SearchJob.objects.create(
        run=uuid.uuid4(),
        kind=kind,
        state=SearchJob.State.RUNNING,
        requested=len(numbers),
        credits_reserved=len(numbers),
    )
    label = _MODELS[prefix]
    rows = [_ROWS[kind](_NAMES[prefix], f"{prefix}{number}", number, place) for place, number in enumerate(numbers)]
    leads = reading.candidates([(label, wanted.crm_id) for wanted, _ in rows])
    with transaction.atomic():
        bought = purchases.buy(job, label, [wanted._replace(inputs=digest(leads[wanted.crm_id])) for wanted, _ in rows])
    assert len(bought) == len(numbers), "a lead of this batch is being searched already"
    body = {"general": {"status": "completed"}, "stats": {}, "results": [item for _, item in rows]}
    return Batch(job.pk, kind, numbers, body, prefix)


Row = tuple[Wanted, dict[str, object]]


def _email(name: str, crm_id: str, number: int, place: int) -> Row:
    asked = {"fullname": f"{name}{number} Somebody", "company_domain": f"firm{number // 7}.com"}
    found = f"{name.lower()}{number}.somebody@firm{number // 7}.com" if number % 10 < 6 else None
    item = {"index": str(place), "qualification": "valid" if found else "invalid", "email": found, "raw_params": asked}
    return Wanted(crm_id, FindEmail(**asked).fingerprint, "", ""), item | {"custom": crm_id}


def _verdict(name: str, crm_id: str, number: int, place: int) -> Row:
    email = f"ann@firm{number}.com"
    item = {"index": str(uuid.uuid4()), "qualification": "valid" if number % 5 else "invalid", "email": email}
    return Wanted(crm_id, VerifyEmail(email=email).fingerprint, email, ""), item


def _phone(name: str, crm_id: str, number: int, place: int) -> Row:
    url = f"https://www.linkedin.com/in/{name.lower()}{number}-somebody/"
    found = f"+1570555{number % 10_000:04}" if number % 10 < 4 else None
    item = {"index": place, "qualification": "found" if found else "not_found", "number": found, "country": "US"}
    asked = FindPhone(linkedin_url=url)
    return Wanted(crm_id, asked.fingerprint, "", ""), item | {"params": {"linkedin_url": url}}


_ROWS: dict[Kind, Callable[[str, str, int, int], Row]] = {
    Kind.FIND_EMAIL: _email,
    Kind.VERIFY_EMAIL: _verdict,
    Kind.FIND_PHONE: _phone,
}


def reading_only(batch: Batch) -> Callable[[], object]:
    """Return what makes an Answer of the body, and writes nothing."""
    return lambda: bulk_answer(batch.kind, batch.body)


def ours(batch: Batch) -> Callable[[], object]:
    """Return what a worker does with an answer that it has read."""
    answer = bulk_answer(batch.kind, batch.body)
    return lambda: results.apply(batch.job, answer, via=SearchJob.Via.POLL)


def floor(batch: Batch) -> Callable[[], object]:
    """Return the two statements; which search is whose is known beforehand."""
    ids = dict(LeadSearch.objects.filter(job=batch.job).values_list("crm_id", "pk"))
    came = batch.came()
    return lambda: applying.floor(ids, came)


def floor_mapped(batch: Batch) -> Callable[[], object]:
    """Return the three statements of a model whose states are beside it."""
    ids = dict(LeadSearch.objects.filter(job=batch.job).values_list("crm_id", "pk"))
    came = batch.came()
    return lambda: mapped.floor(ids, came)


def habit(batch: Batch) -> Callable[[], object]:
    """Return select and ``bulk_update``."""
    came = batch.came()
    return lambda: applying.habit(batch.job, came)


def one_by_one(batch: Batch) -> Callable[[], object]:
    """Return get and ``save()``."""
    came = batch.came()
    return lambda: applying.one_by_one(batch.job, came)


def check(name: str, batch: Batch) -> None:
    """Make sure that all was written: who writes less is faster."""
    written = LeadSearch.objects.filter(job=batch.job, effect="written").exclude(outcome="pending")
    wanted = 0 if name == "reading the answer" else len(batch.numbers)
    assert written.count() == wanted, f"{name} wrote {written.count()} of {wanted}"


LEAD = "crm-"
# Others in each table: a person is bought once, for all that ask.
_NAMES = {LEAD: "Ann", mapped.PREFIX: "Bob"}
_MODELS = {LEAD: Lead._meta.label_lower, mapped.PREFIX: Contact._meta.label_lower}
WAYS: dict[str, tuple[Kind, Callable[[Batch], Callable[[], object]], str]] = {
    "floor": (Kind.FIND_EMAIL, floor, LEAD),
    "ours": (Kind.FIND_EMAIL, ours, LEAD),
    "bulk_update": (Kind.FIND_EMAIL, habit, LEAD),
    "save()": (Kind.FIND_EMAIL, one_by_one, LEAD),
    "ours, verdicts": (Kind.VERIFY_EMAIL, ours, LEAD),
    "ours, phones": (Kind.FIND_PHONE, ours, LEAD),
    "reading the answer": (Kind.FIND_EMAIL, reading_only, LEAD),
    "floor, a mapped model": (Kind.FIND_EMAIL, floor_mapped, mapped.PREFIX),
    "ours, a mapped model": (Kind.FIND_EMAIL, ours, mapped.PREFIX),
}
# ``save()`` is measured on a part of a batch; a phone batch is as large as Enrow takes one.
_FEWER = {"save()": 500, "ours, phones": 3000}
