"""Books kept beside the code under test: what was decided, what was typed, and what must therefore hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from django.db.models import Count, Q
from django.utils import timezone

from enrow_webhooks.inbox.addresses import recognise
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.jobs import Job
from leads.credits import budget
from leads.enrichment import Run
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.faults import world

ENDED = SearchJob.ENDED


class Books:
    """What the world may look like, given what happened."""

    def __init__(self, sandbox: Sandbox, day_limit: Decimal | None) -> None:
        self.sandbox = sandbox
        self.day_limit = day_limit
        # Purchases of a person beyond the first that somebody, or a deadline, allowed.
        self.allowed: Counter = Counter()
        # Per lead: everybody who it ever was; per lead and field: what was typed last, what may be replaced.
        self.identities: dict[str, set[world.Person]] = defaultdict(set)
        self.typed: dict[tuple[str, str], str] = {}
        self.replaceable: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.runs: list[Run] = []

    def allow_again(self, job: SearchJob) -> None:
        """Note that everybody in this job may be bought once more."""
        for search in LeadSearch.objects.filter(job=job, position__isnull=False):
            self.allowed[search.kind, search.fingerprint] += 1

    def check(self) -> None:
        """Assert everything that holds at every moment."""
        self.nobody_is_bought_twice()
        self.money_is_accounted_for()
        self.caps_hold()
        self.nothing_waits_for_nobody()
        self.values_are_true()

    def nobody_is_bought_twice(self) -> None:
        bought = self.sandbox.ledger.purchases
        twice = {key: times for key, times in bought.items() if times > 1 + self.allowed[world.purchase_of(key)]}
        assert not twice, f"bought too often: {twice}"

    def billed(self) -> dict[object, list[Job]]:
        """Return what Enrow accepted, by our job."""
        jobs = defaultdict(list)
        for job in self.sandbox.jobs:
            jobs[recognise(job.webhook.rstrip("/").rpartition("/")[2]).reference].append(job)
        return jobs

    def money_is_accounted_for(self) -> None:
        entries = {entry.job_id: entry for entry in self.sandbox.ledger.entries}
        ours = {str(job.pk): job for job in SearchJob.objects.all()}
        for reference, accepted in self.billed().items():
            job, paid = ours[reference], sum(entries[known.id].cost for known in accepted)
            assert len(accepted) == 1, f"{job.pk} was sent {len(accepted)} times"
            booked = job.credits_reserved if job.credits_cost is None else job.credits_cost
            assert booked >= paid, f"{job.pk} {job.state} books {booked}, Enrow took {paid}"
            if job.credits_cost is not None:
                assert booked == paid, f"{job.pk} {job.state} books {booked}, Enrow took {paid}"
        assert self.sandbox.ledger.balance >= 0

    def caps_hold(self) -> None:
        if self.day_limit is not None:
            assert budget.spent_on(timezone.localdate()) <= self.day_limit
        for run in self.runs:
            cap = run.tally.max_credits
            spent = SearchJob.objects.of_run(run.id).credits()
            assert spent <= run.tally.worst_case, "a run's worst case was known before"
            assert cap is None or run.tally.worst_case <= cap

    def nothing_waits_for_nobody(self) -> None:
        assert not LeadSearch.objects.pending().filter(job__state__in=ENDED).exists()
        twice = LeadSearch.objects.pending().values("crm_id", "kind").annotate(times=Count("pk")).filter(times__gt=1)
        assert not twice, "a lead has two searches of a kind in flight"

    def values_are_true(self) -> None:
        leads = list(Lead.objects.all())
        for lead in leads:
            self._value(lead, "email", {world.email_of(person) for person in self.identities[lead.crm_id]})
            self._value(lead, "phone", {world.phone_of(person) for person in self.identities[lead.crm_id]})
        assert not world.wrong_statuses(leads)

    def _value(self, lead: Lead, field: str, truths: set[str]) -> None:
        value, typed = getattr(lead, field), self.typed.get((lead.crm_id, field), "")
        assert value in {"", typed} | truths, f"{lead.crm_id}: {value!r} is neither typed nor true"
        if typed and typed not in self.replaceable[lead.crm_id, field]:
            assert value == typed, f"{lead.crm_id}: what a person typed, {typed!r}, became {value!r}"

    def everything_ended_well(self) -> None:
        """Assert what holds when all is fixed, delivered and polled."""
        open_jobs = SearchJob.objects.open().values_list("state", "last_error")
        assert not open_jobs, f"never ended: {list(open_jobs)}"
        assert not LeadSearch.objects.pending().exists()
        assert not SearchJob.objects.unwritten().exists()
        assert not WebhookEvent.objects.exclude(state__in=["processed", "ignored"]).exists()
        nothing_said = LeadSearch.objects.filter(outcome__in=["error", "cancelled"], error="")
        assert not nothing_said.exists()
        unwritten = LeadSearch.objects.filter(effect="").exclude(outcome="cancelled")
        assert not unwritten.exists(), "a result did not reach its lead"
        assert not LeadSearch.objects.filter(effect="aside").exists(), "a result fitted nobody"
        self._what_was_paid_for_is_there()

    def _what_was_paid_for_is_there(self) -> None:
        for reference, accepted in self.billed().items():
            job = SearchJob.objects.get(pk=reference)
            ids = {known.id for known in accepted}
            assert job.enrow_id in ids, f"{job.state}, {job.last_error}: its results were paid for and never fetched"
            assert job.state in {"finished", "failed"}, f"{job.state}: its results were paid for and never fetched"
            errors = LeadSearch.objects.filter(job=job, outcome="error", position__isnull=False)
            assert job.state == "failed" or not errors, [row.error for row in errors]
        left_out = LeadSearch.objects.filter(error=applying._NO_RESULT)
        assert not left_out, f"{[row.crm_id for row in left_out]} got nothing of what was bought for them"
        found = LeadSearch.objects.found().exclude(Q(kind="verify_email") | Q(effect__in=["orphan", "stale", "aside"]))
        for search in found:
            field = {"find_email": "email", "find_phone": "phone"}[search.kind]
            lead = Lead.objects.filter(crm_id=search.crm_id).first()
            was_cleared = self.typed.get((search.crm_id, field)) == ""
            assert not lead or was_cleared or getattr(lead, field), f"{search.crm_id} lacks a {field} that was found"
