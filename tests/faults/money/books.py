"""Books kept beside the code under test: who was bought, what was taken, and what each lead may hold."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from enrow_webhooks.inbox.addresses import recognise
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.jobs import Job
from leads.credits import reconciliation, statement
from leads.enrichment import Run
from leads.models import AccountReading, BatchedLead, EnrichmentRun, Lead, LeadSearch, SearchJob
from leads.results import applying
from leads.results.unsolicited import REQUESTED_BY
from tests.faults.money import world
from tests.faults.money.clock import Clock, day_of

ENDED_WITH_NOTHING = {"failed", "cancelled"}
ZERO = Decimal(0)
# Credits that a user may spend in a day, and all leads together that come one by one.
USER_LIMIT, BATCHED_LIMIT = Decimal("4.1"), Decimal("5.1")


def booked(job: SearchJob) -> Decimal:
    """Return what a job cost, or may cost while that is open."""
    return job.credits_reserved if job.credits_cost is None else job.credits_cost


class Books:
    """What the world may look like, given what happened."""

    def __init__(self, sandbox: Sandbox, clock: Clock, day_limit: Decimal | None, effects: Counter[str]) -> None:
        self.sandbox, self.clock, self.day_limit, self.effects = sandbox, clock, day_limit, effects
        # Per crm_id: who the lead is now. Who was given another identity once has no simple end.
        self.persons: dict[str, world.Person] = {}
        self.renamed: set[str] = set()
        # Per crm_id and field: the value last seen, what was typed last, what may be replaced, what was erased.
        self.seen: dict[tuple[str, str], str] = {}
        self.typed: dict[tuple[str, str], str] = {}
        self.replaceable: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.cleared: set[tuple[str, str]] = set()
        # For whom a value was found and written; and what was erased of that: it stays blank until somebody forces it.
        # What a person typed and erased again was never found: it may be searched.
        self.brought: dict[tuple[str, str], world.Person] = {}
        self.stays_blank: set[tuple[str, str]] = set()
        self.forgotten: set[str] = set()
        # Fingerprints of those who were forgotten: nobody may know that they were bought before.
        self.released: set[str] = set()
        self.runs: list[Run] = []
        # The cap of each stored run; the runs that a user asked for, and those of leads that came one by one.
        self.caps: dict[object, Decimal] = {}
        self.by_user: set[object] = set()
        self.batched: set[object] = set()
        self.forced: set[object] = set()
        # The state of each job when it was last seen; when it ended, and when it was given up.
        self.states: dict[object, str] = {}
        self.ended: dict[object, dt.datetime] = {}
        self.lapsed: dict[object, dt.datetime] = {}
        # The crm_ids of searches of other programs, by Enrow's id.
        self.abroad: dict[str, str] = {}
        # Per reading of the balance: what our jobs had taken by then, and what other programs had.
        self.readings: dict[int, tuple[Decimal, Decimal]] = {}
        # What Enrow accepted from us, by our job; which of our jobs bought a person.
        self.ours: dict[str, Job] = {}
        self._bought: dict[world.Purchase, list[object]] = defaultdict(list)
        self._filed = 0

    def check(self) -> None:
        """Assert everything that holds at every moment."""
        self._look_at_jobs()
        self._look_at_enrow()
        self.money_is_accounted_for()
        self.caps_hold()
        self.nothing_waits_for_nobody()
        self.values_are_true()

    def _look_at_jobs(self) -> None:
        for pk, state in SearchJob.objects.values_list("pk", "state"):
            before = self.states.get(pk, "new")
            if before != state:
                self.states[pk] = state
                self.effects[f"{before} to {state}"] += 1
            if state in {"finished", *ENDED_WITH_NOTHING}:
                self.ended.setdefault(pk, self.clock.at)
            if state in {"expired", *ENDED_WITH_NOTHING}:
                self.lapsed.setdefault(pk, self.clock.at)

    # --- Purchases.

    def _look_at_enrow(self) -> None:
        """File what Enrow accepted since the last look: under our job, if its URL names one."""
        for job in self.sandbox.jobs[self._filed :]:
            self._filed += 1
            reference = recognise(job.webhook.rstrip("/").rpartition("/")[2]).reference
            if reference:
                assert reference not in self.ours, f"{reference} was sent twice"
                self.ours[reference] = job
                self.effects[f"bought: {job.endpoint.kind} {'bulk' if job.endpoint.bulk else 'single'}"] += 1
                self._nobody_is_bought_twice(SearchJob.objects.get(pk=reference), job)

    def _nobody_is_bought_twice(self, later: SearchJob, job: Job) -> None:
        for purchase in map(world.purchase_of, job.people()):
            for earlier in SearchJob.objects.filter(pk__in=self._bought[purchase]):
                reason = self._why_again(purchase, earlier, later)
                assert reason, f"bought too often: {purchase} by {earlier.pk} and {later.pk}"
                self.effects[f"bought again: {reason}"] += 1
            self._bought[purchase].append(later.pk)

    def _why_again(self, purchase: world.Purchase, earlier: SearchJob, later: SearchJob) -> str:
        """Return why a person could be bought by a second job; blank when it was wrong."""
        ended, lapsed = self.ended.get(earlier.pk), self.lapsed.get(earlier.pk)
        if purchase.fingerprint in self.released:
            return "forgotten"
        if not ended or ended > later.created_at:
            return "given up" if lapsed else ""
        if earlier.state in ENDED_WITH_NOTHING:
            return "failed"
        if later.run in self.forced:
            return "forced"
        if later.requested_by == "rule:old":
            return "a rule checks again"
        bought = LeadSearch.objects.filter(job=earlier, fingerprint=purchase.fingerprint, position__isnull=False)
        if bought.filter(outcome="error").exists():
            return "nothing usable came"
        is_over = ended + world.WINDOWS[purchase.kind, purchase.is_found] < later.created_at
        return f"the window of {'a hit' if purchase.is_found else 'a miss'} is over" if is_over else ""

    # --- Money.

    def money_is_accounted_for(self) -> None:
        entries = {entry.job_id: entry for entry in self.sandbox.ledger.entries}
        jobs = {str(job.pk): job for job in SearchJob.objects.all()}
        for reference, accepted in self.ours.items():
            job, paid = jobs[reference], entries[accepted.id].cost
            says = f"{job.pk} {job.state} books {booked(job)}, Enrow took {paid}"
            assert booked(job) >= paid, says
            assert job.credits_cost in {None, paid}, says
        for job in SearchJob.objects.filter(requested_by=REQUESTED_BY):
            assert job.credits_cost == entries[job.enrow_id].cost, f"{job.pk}, from elsewhere, books {job.credits_cost}"
        assert self.sandbox.ledger.balance >= 0

    def caps_hold(self) -> None:
        days: Counter[dt.date] = Counter()
        # What another program bought counts against no cap of ours.
        for job in SearchJob.objects.exclude(requested_by=REQUESTED_BY):
            days[day_of(job.created_at)] += booked(job)
        assert self.day_limit is None or max(days.values(), default=ZERO) <= self.day_limit, days
        for run in self.runs:
            cap = run.tally.max_credits
            spent = SearchJob.objects.of_run(run.id).credits()
            assert spent <= run.tally.worst_case, "a run's worst case was known before"
            assert cap is None or run.tally.worst_case <= cap
        for pk, cap in self.caps.items():
            assert SearchJob.objects.of_run(pk).credits() <= cap, "a stored run passed its cap"
        self.batched |= set(EnrichmentRun.objects.filter(via="batched").values_list("pk", flat=True))
        for runs, limit in ((self.by_user, USER_LIMIT), (self.batched, BATCHED_LIMIT)):
            self.limit_holds(SearchJob.objects.filter(run__in=runs), limit)

    def limit_holds(self, jobs: QuerySet[SearchJob], limit: Decimal) -> None:
        """Assert that some jobs together cost no more in a day than their limit."""
        days: Counter[dt.date] = Counter()
        for job in jobs:
            days[day_of(job.created_at)] += booked(job)
        assert max(days.values(), default=ZERO) <= limit, days

    def stored(self, run: Run, cap: Decimal | None, *, force: bool) -> None:
        """Note a run that workers plan."""
        if cap is not None:
            self.caps[run.id] = cap
        if force:
            self.forced.add(run.id)

    def note_readings(self) -> None:
        """Note beside each new reading of the balance what we knew then: our jobs, and searches from elsewhere."""
        for pk in AccountReading.objects.filter(credits__isnull=False).exclude(pk__in=self.readings).values_list("pk"):
            self._look_at_jobs()
            self._look_at_enrow()
            self.readings[pk[0]] = (self._taken(), self._from_elsewhere())

    def _taken(self) -> Decimal:
        """Return what Enrow took from our jobs; a refund counts once we know that the job ended."""
        entries = {entry.job_id: entry for entry in self.sandbox.ledger.entries}
        known = {str(pk) for pk in self.ended}
        costs = ((name in known, entries[job.id]) for name, job in self.ours.items())
        return sum((entry.cost if is_known else entry.debit for is_known, entry in costs), ZERO)

    def _from_elsewhere(self) -> Decimal:
        """Return what other programs' searches are booked at: beside ours, or as one of ours that was never sent.

        A worker died before its POST, and then the very lead's result came: nobody could tell it from a lost answer.
        """
        return SearchJob.objects.filter(Q(requested_by=REQUESTED_BY) | Q(enrow_id__in=self.abroad)).credits()

    # --- Leads.

    def erased(self, crm_id: str, field: str) -> None:
        """Note that a person erased a value."""
        self.cleared.add((crm_id, field))
        # What is erased before a page is planned was forced all the same.
        is_forced = EnrichmentRun.objects.filter(planned_at=None, force=True).exists()
        if self.brought.get((crm_id, field)) == self.persons[crm_id] and not is_forced:
            self.stays_blank.add((crm_id, field))

    def search_again(self, key: tuple[str, str]) -> None:
        """Note that what was erased may come back: it was searched on purpose, or is somebody else's now."""
        self.stays_blank.discard(key)

    def nothing_waits_for_nobody(self) -> None:
        assert not LeadSearch.objects.pending().filter(job__state__in=SearchJob.ENDED).exists()
        twice = LeadSearch.objects.pending().values("crm_id", "kind").annotate(times=Count("pk")).filter(times__gt=1)
        assert not twice, "a lead has two searches of a kind in flight"

    def values_are_true(self) -> None:
        leads = list(Lead.objects.all())
        for lead in leads:
            self._value(lead, "email")
            self._value(lead, "phone")
        assert not world.wrong_statuses(leads)
        assert not self.forgotten & {lead.crm_id for lead in leads}, "a forgotten person came back"
        assert not LeadSearch.objects.filter(crm_id__in=self.forgotten).exists(), "a forgotten person came back"

    def _value(self, lead: Lead, field: str) -> None:
        key, value = (lead.crm_id, field), getattr(lead, field)
        if value != self.seen.get(key, ""):
            right = world.truth(self.persons[lead.crm_id], field)
            assert value, f"{lead.crm_id} lost its {field}"
            assert value == right, f"{lead.crm_id}: {value!r} is not of {self.persons[lead.crm_id]}"
            assert key not in self.stays_blank, f"{lead.crm_id}: an erased {field} came back"
            self.seen[key], self.brought[key] = value, self.persons[lead.crm_id]
            self.cleared.discard(key)
            self.effects[f"{field} written"] += 1
        typed = self.typed.get(key, "")
        if typed and typed not in self.replaceable[key]:
            assert value == typed, f"{lead.crm_id}: what a person typed, {typed!r}, became {value!r}"

    # --- At rest.

    def everything_ended_well(self) -> None:
        """Assert what holds when all is fixed, delivered and polled."""
        open_jobs = SearchJob.objects.open().values_list("state", "last_error")
        assert not open_jobs, f"never ended: {list(open_jobs)}"
        open_runs = EnrichmentRun.objects.exclude(state__in=EnrichmentRun.ENDED)
        assert not open_runs, f"never ended: {list(open_runs.values_list('state', 'via', 'note'))}"
        assert not BatchedLead.objects.exists(), "a lead that came alone still waits"
        assert not LeadSearch.objects.pending().exists()
        assert not SearchJob.objects.unwritten().exists()
        unprocessed = WebhookEvent.objects.exclude(state__in=["processed", "ignored"])
        assert not unprocessed.exists(), list(unprocessed.values_list("state", "last_error"))
        nothing_said = LeadSearch.objects.filter(outcome__in=["error", "cancelled"], error="").exclude(effect="erased")
        assert not nothing_said.exists()
        unwritten = LeadSearch.objects.filter(effect="").exclude(outcome="cancelled")
        assert not unwritten.exists(), "a result did not reach its lead"
        assert not LeadSearch.objects.filter(effect="aside", job__launched_elsewhere=False).exists()
        self._what_was_paid_for_is_there()
        self._nobody_remembers_the_forgotten()
        self._the_statement_explains_the_balance()
        for effect, times in LeadSearch.objects.values_list("effect").annotate(Count("pk")):
            self.effects[f"effect: {effect}"] += times

    def _what_was_paid_for_is_there(self) -> None:
        entries = {entry.job_id: entry for entry in self.sandbox.ledger.entries}
        for reference, accepted in self.ours.items():
            job = SearchJob.objects.get(pk=reference)
            if job.state == "expired" and entries[accepted.id].void:
                continue  # the batch failed after it was given up, and Enrow says so to nobody
            if job.state == "expired" and not LeadSearch.objects.filter(job=job).exclude(effect="erased").exists():
                continue  # everybody of it was forgotten, and with them what was told of it
            is_there = job.enrow_id == accepted.id and job.state in {"finished", "failed"}
            assert is_there, f"{job.state}, {job.last_error}: its results were paid for and never fetched"
            errors = LeadSearch.objects.filter(job=job, outcome="error", position__isnull=False)
            assert job.state == "failed" or not errors, [row.error for row in errors]
        left_out = LeadSearch.objects.filter(error=applying._NO_RESULT)
        assert not left_out, f"{[row.crm_id for row in left_out]} got nothing of what was bought for them"
        not_written = Q(effect__in=["orphan", "stale", "erased", "changed", "aside"])
        found = LeadSearch.objects.found().exclude(Q(kind="verify_email") | not_written)
        for search in found.exclude(crm_id__in=self.renamed):
            field = {"find_email": "email", "find_phone": "phone"}[search.kind]
            lead = Lead.objects.filter(crm_id=search.crm_id).first()
            is_here = not lead or (search.crm_id, field) in self.cleared or getattr(lead, field)
            assert is_here, f"{search.crm_id} lacks a {field} that was found"

    def _nobody_remembers_the_forgotten(self) -> None:
        for crm_id in self.forgotten:
            assert not WebhookEvent.objects.filter(payload__contains=f'"{crm_id}"').exists(), f"{crm_id} is remembered"
        erased = LeadSearch.objects.filter(Q(effect="erased") | Q(crm_id__startswith="forgotten-"))
        left = erased.exclude(fingerprint=None, value="", country="", value_before="", error="")
        assert not left.exists(), "a search still knows a person who was forgotten"

    def _the_statement_explains_the_balance(self) -> None:
        entries = {entry.job_id: entry for entry in self.sandbox.ledger.entries}
        taken = {name: entries[job.id].cost for name, job in self.ours.items() if not entries[job.id].void}
        days: Counter[str] = Counter()
        for job in SearchJob.objects.all():
            days[str(day_of(job.created_at))] += taken.get(str(job.pk), booked(job))
        told = {line.name: line.spent + line.reserved for line in statement.per_day(days=3000)}
        assert told == days, f"the statement says {told}, Enrow took {dict(days)}"
        if seen := reconciliation.reconcile(days=3000):
            reading = AccountReading.objects.filter(credits__isnull=False).earliest("taken_at")
            before, elsewhere = self.readings[reading.pk]
            # A job that was claimed by a worker who died before the POST is booked, because nobody can know.
            sent = SearchJob.objects.filter(sent_at__gte=reading.taken_at, credits_cost=None)
            never_sent = sent.exclude(pk__in=self.ours)
            right = self._taken() - before + self._from_elsewhere() - elsewhere + never_sent.credits()
            assert seen.explained == right, f"{seen}, but our jobs took {right}"
            self.effects["the balance is explained"] += 1

    def outstanding(self, crm_id: str) -> bool:
        """Tell whether a result may still come, or be copied, to this lead for the inputs that it has now."""
        searches = LeadSearch.objects.filter(crm_id=crm_id)
        sent = Q(job__state__in=["sending", "running", "unconfirmed", "expired"])
        shares = Q(outcome="pending", position__isnull=True)
        unwritten = Q(effect="") & ~Q(outcome__in=["pending", "cancelled"])
        return crm_id in self.abroad.values() or searches.filter(sent | shares | unwritten).exists()
