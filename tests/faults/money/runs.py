"""Runs: leads that are stored and planned page by page, leads that come one by one; pause, resume, cancel."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from unittest import mock

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from leads.enrichment import Run, Via, enrich, enrich_batched, enrich_later
from leads.models import BatchedLead, EnrichmentRun
from leads.runs import batching, planning
from tests.faults.money.books import BATCHED_LIMIT
from tests.faults.money.orders import Orders, chosen, finds
from tests.faults.money.scene import pick, rarely, which
from tests.faults.money.workers import LONG_AGO

DECISIONS = {"pause": Run.pause, "resume": Run.resume, "cancel": Run.cancel}


class _KilledError(BaseException):
    """The process is gone."""


class Runs(Orders):
    """What is planned by workers, what a user may spend, and what is decided about a run as a whole."""

    @rule(find=finds, numbers=chosen, cap=st.sampled_from([None, None, Decimal(3)]), overwrite=rarely, force=rarely)
    def order_later(self, find, numbers=None, cap=None, overwrite=False, force=False):
        leads = self.choose(numbers, overwrite=overwrite, force=force)
        words = {"find": find[0], "verify": find[1], "overwrite": overwrite, "force": force}
        self.books.stored(enrich_later(leads, **words, max_credits=cap), cap, force=force)

    @rule(find=finds, numbers=chosen)
    def order_as_a_user(self, find, numbers=None):
        """In the admin, within what the user may spend in a day."""
        leads = self.choose(numbers, overwrite=False, force=False)
        run = enrich(leads, find=find[0], verify=find[1], requested_by="ann", via=Via.ADMIN)
        self.books.by_user.add(run.id)
        self.ordered(run, force=False)

    @rule(find=finds, numbers=st.lists(which, min_size=1, max_size=4))
    def some_come_one_by_one(self, find, numbers):
        for number in numbers:
            if lead := self.a_lead(number):
                enrich_batched(lead, find=find[0], verify=find[1], daily_credits=BATCHED_LIMIT)

    @rule()
    def gather(self):
        BatchedLead.objects.update(due_at=timezone.now())
        if batching.gather():
            self.did("leads that came one by one were gathered")

    @rule(dies=rarely)
    def plan_a_page(self, dies=False):
        """A worker plans a page; or dies before it is written, and its credits are reserved until another one comes."""
        if not EnrichmentRun.objects.to_plan().exists():
            return
        if not dies:
            planning.plan_next()
            self.did("a page planned")
            return
        with mock.patch.object(planning, "_write", side_effect=_KilledError), suppress(_KilledError):
            planning.plan_next()
        self.did("a planner of a page died")

    @precondition(lambda self: self.states["runs"])
    @rule(number=which, decision=st.sampled_from([*DECISIONS, "resume"]))
    def decide_about_a_run(self, number, decision):
        runs = EnrichmentRun.objects.exclude(state__in=EnrichmentRun.ENDED).order_by("created_at")
        if (row := pick(runs, number)) and DECISIONS[decision](Run.get(row.pk), by="ann"):
            self.did(f"{decision}: a {row.state} run")

    def look(self):
        super().look()
        self.states["runs"] = EnrichmentRun.objects.exclude(state__in=EnrichmentRun.ENDED).count()

    def typed(self, crm_id, field, value):
        """What is typed before a page is planned is replaced where that was asked for: it was there when it began."""
        super().typed(crm_id, field, value)
        if EnrichmentRun.objects.filter(planned_at=None, overwrite=True).exists():
            self.books.replaceable[crm_id, field].add(value)

    def runs_come_to_rest(self):
        """Let every run go on, and every lease run out."""
        for row in EnrichmentRun.objects.filter(state="paused"):
            assert Run.get(row.pk).resume(by="ann")
        EnrichmentRun.objects.update(next_plan_at=timezone.now() - LONG_AGO)
        BatchedLead.objects.update(due_at=timezone.now())
