"""Money under every order of events: Hypothesis drives the real code against a real sandbox, and the books must agree.

``HYPOTHESIS_PROFILE=long`` runs ten times as many examples, to hunt.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import uuid
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from enrow_webhooks.client.errors import EnrowError, TryAgain
from enrow_webhooks.client.values import Kind, SearchStatus
from enrow_webhooks.connect import open_client
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import callback_url
from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox.jobs import State as AtEnrow
from enrow_webhooks.sandbox.server import SandboxServer
from leads import decisions
from leads.enrichment import Run, enrich
from leads.models import Lead, SearchJob
from leads.outbox import enqueueing, submission
from leads.outbox.batches import Order
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.results import applying, writeback
from leads.upkeep import polling
from leads.upkeep.sweep import sweep
from tests.faults import world
from tests.faults.books import Books

SECRET = "a-shared-secret-of-some-length"
PLENTY = Decimal(100_000)
# Events are recorded and never sent: the machine delivers them itself, when it likes. Searches end when it likes.
QUIET = {"chaos": "drop", "credits": PLENTY, "delay": 3600.0, "rate": None}
# What may be wrong, as changes to the sandbox and to ENROW.
WEATHER = {
    "fine": ({}, {}),
    "answers get lost": ({"chaos": "drop,lost-answer"}, {}),
    "a gateway answers": ({"chaos": "drop,gateway"}, {}),
    "searches end before the answer": ({"chaos": "drop,early"}, {}),
    "Enrow is unavailable": ({"chaos": "drop,unavailable"}, {}),
    "Enrow throttles": ({"chaos": "drop,throttle"}, {}),
    "no credits": ({"credits": Decimal(0)}, {}),
    "few credits": ({"credits": Decimal(41)}, {}),
    "a bad key": ({}, {"API_KEY": "bad-key"}),
    "no phones in the plan": ({}, {"API_KEY": "no-phone-key"}),
    "no way to Enrow": ({}, {"BASE_URL": "http://127.0.0.1:9"}),
}
DECISIONS = {
    "queued": [decisions.cancel],
    "held": [decisions.cancel, decisions.resume],
    "unconfirmed": [decisions.give_up, decisions.resend],
}
LONG_AGO = dt.timedelta(days=2)
LEASE = dt.timedelta(minutes=5)

finds = st.sampled_from([({"email"}, False), ({"phone"}, False), (set(), True), ({"email", "phone"}, True)])
some_people = st.lists(st.sampled_from(world.PEOPLE), min_size=1, max_size=4)
spellings = st.integers(0, world.SPELLINGS - 1)
chosen = st.none() | st.lists(st.integers(0, 9), min_size=1, max_size=3)
typed_values = st.one_of(
    st.tuples(st.just("email"), st.sampled_from(world.TYPED_EMAILS)),
    st.tuples(st.just("phone"), st.sampled_from(world.TYPED_PHONES)),
)
# Which of the things that are there.
which = st.integers(0, 9)
rarely = st.sampled_from([False, False, False, True])


def pick(things, number):
    """Return one of the things, None when there is none."""
    things = list(things)
    return things[number % len(things)] if things else None


def kinds_of(find, *, verify):
    names = {Kind.FIND_EMAIL: "email" in find, Kind.VERIFY_EMAIL: verify, Kind.FIND_PHONE: "phone" in find}
    return tuple(kind for kind, is_wanted in names.items() if is_wanted)


class MoneyMachine(RuleBasedStateMachine):
    """One CRM, one account at Enrow, and everything that may happen between them."""

    def __init__(self, sandbox, server_url):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.sandbox, self.server_url = sandbox, server_url
        self.browser = Client()
        self.number_of_leads = 0
        self.planned, self.stalled = [], []
        sandbox.reset()
        self.mend()

    def mend(self):
        """Let everything be as it should."""
        self.sandbox.configure(**QUIET)
        django_settings.ENROW.update(API_KEY="sandbox-key", BASE_URL=self.server_url)

    @initialize(limit=st.sampled_from([None, None, Decimal(45), Decimal(6)]), people=some_people, find=finds)
    def begin(self, limit, people, find):
        django_settings.ENROW.update(DAILY_CREDIT_LIMIT=limit)
        self.books = Books(self.sandbox, limit)
        self.add_leads(people, 0)
        self.order(find, None, cap=None, overwrite=False, force=False)

    # --- People at the CRM.

    @rule(people=some_people, spelling=spellings)
    def add_leads(self, people, spelling):
        for person in people:
            self.number_of_leads += 1
            crm_id = f"lead-{self.number_of_leads:03}"
            Lead.objects.create(crm_id=crm_id, **world.inputs(person, spelling))
            self.books.identities[crm_id].add(person)

    @rule(number=which, person=st.sampled_from(world.PEOPLE), spelling=spellings)
    def edit_who_it_is(self, number, person, spelling):
        if lead := pick(Lead.objects.order_by("pk"), number):
            Lead.objects.filter(pk=lead.pk).update(**world.inputs(person, spelling))
            self.books.identities[lead.crm_id].add(person)

    @rule(number=which, typed=typed_values)
    def type_a_value(self, number, typed):
        field, value = typed
        if lead := pick(Lead.objects.order_by("pk"), number):
            Lead.objects.filter(pk=lead.pk).update(**{field: value, f"{field}_status": ""})
            self.books.typed[lead.crm_id, field] = value

    @rule(number=which)
    def delete_lead(self, number):
        if lead := pick(Lead.objects.order_by("pk"), number):
            lead.delete()

    @rule(find=finds, numbers=chosen, cap=st.sampled_from([None, None, 1, 41]), overwrite=rarely, force=rarely)
    def order(self, find, numbers, cap, overwrite, force):
        leads = self.choose(numbers, overwrite=overwrite)
        run = enrich(leads, find=find[0], verify=find[1], max_credits=cap, overwrite=overwrite, force=force)
        self.ordered(run, force=force)

    @rule(find=finds, numbers=chosen, overwrite=rarely, force=rarely)
    def plan_slowly(self, find, numbers, overwrite, force):
        """A planner reads its leads now, and queues what it read later."""
        order = Order(kinds=kinds_of(find[0], verify=find[1]), overwrite=overwrite, force=force)
        run = Run(id=uuid.uuid4(), tally=Tally())
        batches = list(plan(self.choose(numbers, overwrite=overwrite), order, run.tally))
        self.planned += [(batch, order, run) for batch in batches]

    @precondition(lambda self: self.planned)
    @rule(dies=rarely)
    def queue_what_was_planned(self, dies):
        batch, order, run = self.planned.pop(0)
        if dies:
            enqueueing._reserve(SearchJob(run=run.id, kind=batch.kind), batch, None)
            return
        queued = enqueueing.queue(batch, order, run=run.id, balance=None)
        run.tally.settle(batch.kind, queued)
        if queued.job and queued.reused:
            writeback.write(queued.job.pk)
        self.ordered(run, force=order.force)

    def choose(self, numbers, *, overwrite):
        """Return leads as a queryset; note that what they have now may be replaced, where that is asked for."""
        leads = Lead.objects.order_by("pk")
        if numbers is not None:
            leads = leads.filter(pk__in=[lead.pk for number in numbers if (lead := pick(leads, number))])
        for lead in leads if overwrite else []:
            self.books.replaceable[lead.crm_id, "email"].add(lead.email)
            self.books.replaceable[lead.crm_id, "phone"].add(lead.phone)
        return leads

    def ordered(self, run, *, force):
        self.books.runs.append(run)
        for job in SearchJob.objects.of_run(run.id) if force else []:
            self.books.allow_again(job)

    # --- Between two servers.

    @rule(name=st.sampled_from(sorted(WEATHER)))
    def weather(self, name):
        self.mend()
        sandbox, enrow = WEATHER[name]
        self.sandbox.configure(**sandbox)
        django_settings.ENROW.update(enrow)

    @rule(weather=st.sampled_from(sorted(WEATHER)), stalls=rarely)
    def submit(self, weather, stalls):
        """Send the next job in some weather, which is fine again afterwards; or its worker waits for the answer."""
        self.weather(name=weather)
        SearchJob.objects.queued().exclude(requested=0).update(next_check_at=timezone.now())
        if stalls:
            self.post_and_stall()
        else:
            submission.submit_next()
        self.mend()

    @rule(number=which)
    def enrow_finishes_one(self, number):
        if job := pick((job for job in self.sandbox.jobs if job.state is AtEnrow.ONGOING), number):
            self.sandbox.finish(job)

    @rule()
    def everything_goes_well_for_a_while(self):
        """Sent, searched, polled and written, as far as the weather lets it."""
        sweep()
        self.sandbox.finish_all()
        SearchJob.objects.running().update(next_check_at=timezone.now())
        sweep()

    @precondition(lambda self: self.sandbox.deliveries)
    @rule(number=which, by_secret=rarely, is_processed=st.booleans())
    def deliver(self, number, by_secret, is_processed):
        self.post(pick(self.sandbox.deliveries, number), by_secret=by_secret)
        if is_processed:
            processing.drain()

    def post(self, delivery, *, by_secret=False):
        path = f"/webhooks/enrow/{SECRET}/" if by_secret else urlsplit(delivery.url).path
        answer = self.browser.post(path, data=json.dumps(delivery.body), content_type="application/json")
        assert answer.status_code == 200
        assert WebhookEvent.objects.filter(event=delivery.event, enrow_id=delivery.job_id).exists()

    # --- Workers.

    @rule()
    def process(self):
        WebhookEvent.objects.filter(state="failed").update(next_attempt_at=timezone.now())
        processing.drain()

    @rule(number=which)
    def poll(self, number):
        states = ["queued", "running", "held"]
        if job := pick(SearchJob.objects.filter(state__in=states).exclude(requested=0), number):
            SearchJob.objects.filter(pk=job.pk).update(next_check_at=timezone.now())
            polling.check(job)

    @rule(number=which)
    def nothing_came_by_the_deadline(self, number):
        if job := pick(SearchJob.objects.running(), number):
            SearchJob.objects.filter(pk=job.pk).update(sent_at=timezone.now() - LONG_AGO, next_check_at=timezone.now())
            self.books.allow_again(job)
            polling.check(SearchJob.objects.get(pk=job.pk))

    def post_and_stall(self):
        """A worker sends a job, and for a long time nobody hears of it."""
        job = SearchJob.objects.queued().due().order_by("next_check_at").first()
        if job and SearchJob.objects.claim_for_sending(job.pk, lease=LEASE):
            job = SearchJob.objects.get(pk=job.pk)
            if queries := submission._queries(job):
                self.launch(job, queries)

    def launch(self, job, queries):
        """POST, and keep what the worker will know when it goes on; of a lost answer it knows nothing."""
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
    def the_stalled_worker_goes_on(self, number):
        job, launch = self.stalled.pop(number % len(self.stalled))
        if launch:
            submission._record(job, launch, has_webhook=True)
        else:
            submission._again(job, "Enrow was away.", delay=dt.timedelta(0))

    @rule(number=which, moment=st.sampled_from(["before the POST", "over an event", "before it writes the leads"]))
    def a_worker_dies(self, number, moment):
        if moment == "before the POST" and (job := pick(SearchJob.objects.queued().due(), number)):
            SearchJob.objects.claim_for_sending(job.pk, lease=LEASE)
        if moment == "over an event" and (event := pick(WebhookEvent.objects.due(), number)):
            WebhookEvent.objects.claim(event.pk, lease=LEASE)
        if moment == "before it writes the leads" and (job := pick(SearchJob.objects.running(), number)):
            self.settle_only(job)

    def settle_only(self, job):
        try:
            with open_client() as client:
                answer = client.fetch(Kind(job.kind), job.enrow_id, bulk=job.is_bulk)
        except EnrowError:
            return
        if answer.status is not SearchStatus.ONGOING:
            applying.settle(job.pk, answer, via=SearchJob.Via.POLL, to_leads=False)

    @rule()
    def leases_run_out(self):
        past = timezone.now() - LONG_AGO
        SearchJob.objects.filter(state="sending").update(next_check_at=past)
        SearchJob.objects.filter(requested=0, state="queued").update(next_check_at=past)
        WebhookEvent.objects.waiting().update(next_attempt_at=past)
        sweep()

    # --- People who decide.

    @rule(number=which, choice=which)
    def decide(self, number, choice):
        job = pick(SearchJob.objects.filter(state__in=["queued", "held", "unconfirmed"]), number)
        decision = job and pick(DECISIONS[job.state], choice)
        if job and job.state == "unconfirmed":
            self.books.allow_again(job)
        assert not job or decision(job.pk, by="ann")

    @rule()
    def retry(self):
        for run in decisions.retry(SearchJob.objects.all(), by="ann"):
            self.ordered(run, force=False)

    # --- What must hold.

    @invariant()
    def the_books_agree(self):
        if hasattr(self, "books"):
            self.books.check()

    def teardown(self):
        """Mend, deliver and poll everything: then every lead has its result, or a sentence that says why not."""
        try:
            if hasattr(self, "books"):
                self.come_to_rest()
                self.books.check()
                self.books.everything_ended_well()
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def come_to_rest(self):
        self.mend()
        self.stalled.clear()
        for _ in range(4):
            self.leases_run_out()
            self.sandbox.finish_all()
            for delivery in self.sandbox.deliveries:
                self.post(delivery)
            SearchJob.objects.update(next_check_at=timezone.now())
            sweep()
        for job in SearchJob.objects.filter(state="unconfirmed"):
            assert decisions.give_up(job.pk, by="ann")
        for _ in range(3):
            WebhookEvent.objects.waiting().update(next_attempt_at=timezone.now())
            sweep()


# CI runs the same examples every time; a hunt runs others each time, and reports the first failure as it is.
PROFILES = {
    "default": settings(max_examples=80, stateful_step_count=30, derandomize=True),
    "long": settings(max_examples=1200, stateful_step_count=40, phases=[Phase.generate]),
}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.django_db
def test_no_order_of_events_buys_twice_or_loses_a_result(enrow, caplog):
    """Whatever happens in whatever order: each person is bought once, the sums agree, and all comes to rest."""
    caplog.set_level("CRITICAL")
    # Not https and not this machine: the sandbox never calls it, the machine delivers.
    enrow(WEBHOOK_ORIGIN="http://crm.example.com", WEBHOOK_SECRETS=[SECRET], BATCH_SIZE=3, EVENT_MAX_ATTEMPTS=10_000)
    profile = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "default")]
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    with SandboxServer(port=0, **QUIET) as server:
        run_state_machine_as_test(
            lambda: MoneyMachine(server.sandbox, server.url),
            settings=settings(profile, deadline=None, database=None, suppress_health_check=slow),
        )
