"""Workers that work, wait, stall and die; time that passes; a copy of the database."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.test import override_settings
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from enrow_webhooks.client.errors import EnrowError, TryAgain
from enrow_webhooks.client.values import Kind, SearchStatus
from enrow_webhooks.connect import open_client
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import callback_url
from enrow_webhooks.models import WebhookEvent
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying
from leads.upkeep import polling
from tests.faults.money.scene import Scene, is_stopped, pick, when, which

LONG_AGO = dt.timedelta(days=2)
LEASE = dt.timedelta(minutes=5)
MOMENTS = ["before the POST", "at the POST", "over an event", "before it writes the leads"]
# The last two are just within and just after the windows in which results are used again.
TIMES = {"an hour": 1 / 24, "a day": 1, "29 days": 29, "31 days": 31, "89 days": 89, "91 days": 91}

MIDNIGHTS = ["to midnight", "to midnight in UTC"]


class Workers(Scene):
    """What happens to our own processes."""

    @when("event")
    @rule()
    def process(self):
        WebhookEvent.objects.filter(state="failed").update(next_attempt_at=timezone.now())
        if processing.drain():
            self.did("an event processed")

    @when("queued", "running", "held")
    @rule(number=which)
    def poll(self, number):
        states = ["queued", "running", "held"]
        # The sweep does not look at what a paused run holds.
        jobs = SearchJob.objects.filter(~is_stopped() | Q(state="running"), state__in=states).exclude(requested=0)
        jobs = jobs.order_by("created_at")
        if job := pick(jobs, number):
            SearchJob.objects.filter(pk=job.pk).update(next_check_at=timezone.now())
            polling.check(job)

    @when("running")
    @rule(number=which)
    def nothing_came_by_the_deadline(self, number):
        if job := pick(SearchJob.objects.running().order_by("created_at"), number):
            self.clock.at += LONG_AGO
            polling.check(SearchJob.objects.get(pk=job.pk))

    def post_and_stall(self):
        """A worker sends a job, and for a long time nobody hears of it."""
        job = SearchJob.objects.filter(~is_stopped()).queued().due().order_by("next_check_at").first()
        if job and SearchJob.objects.claim_for_sending(job.pk, lease=LEASE):
            job = SearchJob.objects.get(pk=job.pk)
            if queries := submission._queries(job):
                self.launch(job, queries)

    def launch(self, job, queries):
        """POST, and keep what the worker will know when it continues; of a lost answer it knows nothing."""
        try:
            with open_client() as client:
                launch = client.launch(Kind(job.kind), queries, webhook=callback_url(str(job.pk)))
        except TryAgain:
            self.stalled.append((job, None))
        except EnrowError:
            return
        else:
            self.stalled.append((job, launch))

    @precondition(lambda self: self.stalled)
    @rule(number=which)
    def the_stalled_worker_continues(self, number):
        job, launch = self.stalled.pop(number % len(self.stalled))
        if launch:
            submission._record(job, launch, has_webhook=True)
        else:
            submission._again(job, "Enrow was away.", delay=dt.timedelta(0))
        self.did("a stalled worker continued" if launch else "a stalled worker was refused")

    @when("queued", "running", "event")
    @rule(number=which, moment=st.sampled_from(MOMENTS))
    def a_worker_dies(self, number, moment):
        queued, events = SearchJob.objects.queued().exclude(requested=0), WebhookEvent.objects.due()
        job = event = None
        if moment == "before the POST" and (job := pick(queued.due(), number)):
            SearchJob.objects.claim_for_preparing(job.pk, lease=LEASE)
        if moment == "at the POST" and (job := pick(queued, number)):
            SearchJob.objects.claim_for_sending(job.pk, lease=LEASE)
        if moment == "over an event" and (event := pick(events.order_by("pk"), number)):
            WebhookEvent.objects.claim(event.pk, lease=LEASE)
        if moment == "before it writes the leads" and (job := pick(SearchJob.objects.running(), number)):
            job = self.settle_only(job)
        if job or event:
            self.did(f"a worker died {moment}")

    def settle_only(self, job):
        try:
            with open_client() as client:
                answer = client.fetch(Kind(job.kind), job.enrow_id, bulk=job.is_bulk)
        except EnrowError:
            return None
        if answer.status is SearchStatus.ONGOING:
            return None
        applying.settle(job.pk, answer, via=SearchJob.Via.POLL, to_leads=False)
        return job

    @when("queued", "sending", "event")
    @rule()
    def leases_run_out(self):
        past = timezone.now() - LONG_AGO
        dead = SearchJob.objects.filter(requested__gt=0, state="queued", next_check_at__gt=timezone.now()).exists()
        SearchJob.objects.filter(state="sending").update(next_check_at=past)
        empty = SearchJob.objects.queued().exclude(searches__position__isnull=False)
        emptied = list(empty.values_list("pk", flat=True))
        SearchJob.objects.queued().update(next_check_at=past)
        EnrichmentRun.objects.filter(state="planning").update(next_plan_at=past)
        WebhookEvent.objects.waiting().update(next_attempt_at=past)
        self.sweep()
        if emptied:
            assert set(SearchJob.objects.filter(pk__in=emptied).values_list("state", flat=True)) <= {"cancelled"}
            self.did("what a dead planner reserved is given back")
        if dead:
            self.did("a job waits no longer for a dead worker")

    @rule(how_long=st.sampled_from(["an hour", *MIDNIGHTS]) | st.sampled_from([*TIMES, *MIDNIGHTS]))
    def time_passes(self, how_long):
        if how_long == MIDNIGHTS[0]:
            self.clock.at = self.clock.midnight() + dt.timedelta(seconds=1)
        elif how_long == MIDNIGHTS[1]:
            self.clock.at = self.clock.at.replace(hour=0, minute=0, second=1) + dt.timedelta(days=1)
        else:
            self.clock.at += dt.timedelta(days=TIMES[how_long])
        self.did(f"time passes: {how_long}")

    @rule()
    def a_copy_of_the_database_works_too(self):
        """Somebody copied the database before a job was sent, and workers run on both sides."""
        copied = SearchJob.objects.queued().exclude(requested=0).order_by("created_at").first()
        if copied:
            work_on_a_copy(copied)
            self.did("a copied database worked")


def work_on_a_copy(job: SearchJob) -> None:
    """Let a worker of a copied database send this job; our own rows know nothing of that.

    A database in memory cannot be told from its copy, so the copy has a name of its own.
    """
    elsewhere = override_settings(ENROW=settings.ENROW | {"ENVIRONMENT": "copy"})
    with elsewhere, transaction.atomic():
        searches = list(LeadSearch.objects.filter(job=job))
        for row in [job, *searches]:
            row.save()
        SearchJob.objects.filter(pk=job.pk).update(next_check_at=timezone.now())
        submission.submit(job.pk)
        transaction.set_rollback(True)
