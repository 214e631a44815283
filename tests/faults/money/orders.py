"""People and programs that ask for leads, and decide about what stands still."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from itertools import chain

from django.db import transaction
from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from enrow_webhooks.client.errors import EnrowError
from enrow_webhooks.connect import open_client
from enrow_webhooks.sandbox.endpoints import Product
from leads import decisions
from leads.enrichment import Run, enrich, kinds_of
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import enqueueing
from leads.outbox.batches import Order
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.results import writeback
from leads.skips import Reason
from tests.faults.money.scene import Scene, is_stopped, pick, rarely, when, which

DECISIONS = {
    "queued": [decisions.cancel],
    "held": [decisions.resume, decisions.cancel],
    "unconfirmed": [decisions.resend, decisions.give_up],
}
EVERYTHING = ({"email", "phone"}, True)
finds = st.sampled_from([({"email"}, False), ({"phone"}, False), (set(), True), EVERYTHING])
chosen = st.none() | st.lists(st.integers(0, 9), min_size=1, max_size=3)
# With how many credits left over: below zero, they do not suffice by a cent.
exact = st.tuples(st.integers(0, 3), st.sampled_from([Decimal(0), Decimal("-0.01")]))


class Orders(Scene):
    """What is asked for, at once or slowly, and what is decided."""

    def choose(self, numbers, *, overwrite, force):
        """Return leads as a queryset; note that what they have now may be replaced, where that is asked for."""
        leads = Lead.objects.order_by("pk")
        if numbers is not None:
            leads = leads.filter(pk__in=[lead.pk for number in numbers if (lead := pick(leads, number))])
        for lead in leads if overwrite else []:
            self.books.replaceable[lead.crm_id, "email"].add(lead.email)
            self.books.replaceable[lead.crm_id, "phone"].add(lead.phone)
        if force:
            for lead in leads:
                for field in ("email", "phone"):
                    self.books.search_again((lead.crm_id, field))
        return leads

    @rule(find=finds, numbers=chosen, cap=st.sampled_from([None, None, 1, 41]), overwrite=rarely, force=rarely)
    def order(self, find, numbers=None, cap=None, overwrite=False, force=False):
        leads = self.choose(numbers, overwrite=overwrite, force=force)
        run = enrich(leads, find=find[0], verify=find[1], max_credits=cap, overwrite=overwrite, force=force)
        self.ordered(run, force=force)

    def ordered(self, run, *, force):
        self.books.runs.append(run)
        if force:
            self.books.forced.add(run.id)
        for what in ("to_search", "shared", "reused"):
            for kind, times in getattr(run.tally, what).items():
                self.effects[f"{what}: {kind}"] += times
        for (_, reason), times in run.tally.skipped.items():
            self.effects[f"skipped: {reason}"] += times
        bought = run.tally.to_search.total()
        today = self.clock.today()
        if any(reason == "over_day" for _, reason in run.tally.skipped):
            self.refused_on = today
        elif bought and self.refused_on and self.refused_on != today:
            self.did("a new day allows what the last refused")
            self.refused_on = None
        # A slow planner does not know the balance.
        if bought and run.tally.allowance.balance is not None:
            self.the_balance_suffices()

    def the_balance_suffices(self):
        """Assert that nothing was queued that the account could not pay, if it said what it has."""
        try:
            with open_client() as client:
                balance = client.account().credits
        except EnrowError:
            return
        assert SearchJob.objects.filter(state__in=["queued", "sending", "held"]).credits() <= balance

    @rule(find=finds, exact=exact)
    def order_with_an_exact_balance(self, find, exact):
        """The account has what is reserved, and just enough, or a cent too little, for so many phones and e-mails."""
        more, surplus = exact
        price = Decimal(self.sandbox.settings.profile.phone_price if "phone" in find[0] else "1")
        reserved = SearchJob.objects.filter(state__in=["queued", "sending", "held", "unconfirmed"]).credits()
        self.sandbox.configure(credits=max(Decimal(0), reserved + price * more + surplus))
        before = self.effects["skipped: over_balance"]
        self.order(find)
        if self.effects["skipped: over_balance"] > before:
            self.did("a balance reached")
        self.top_up()

    @rule(find=finds)
    def order_and_roll_back(self, find):
        """The caller's transaction fails after enrich(): nothing of the run is there, and nothing is ever sent."""
        with transaction.atomic():
            run = enrich(self.choose(None, overwrite=False, force=False), find=find[0], verify=find[1])
            transaction.set_rollback(True)
        assert not SearchJob.objects.of_run(run.id).exists()
        if run.tally.to_search.total():
            self.did("an order rolled back")

    @rule(numbers=chosen, find=finds, overwrite=rarely, force=rarely)
    def plan_slowly(self, find, numbers=None, overwrite=False, force=False):
        """A planner reads its leads now, and queues what it read later."""
        order = Order(kinds=kinds_of(find[0], verify=find[1]), overwrite=overwrite, force=force)
        run = Run(id=uuid.uuid4(), tally=Tally())
        batches = list(plan(self.choose(numbers, overwrite=overwrite, force=force), order, run.tally))
        self.planned += [(batch, order, run) for batch in batches]

    @precondition(lambda self: self.planned)
    @rule(dies=rarely)
    def queue_what_was_planned(self, dies):
        batch, order, run = self.planned.pop(0)
        if dies:
            job = SearchJob(run=run.id, kind=batch.kind)
            wanted = enqueueing._reserve(job, batch, None, order).wanted
            price = self.sandbox.settings.profile.price(Product(batch.kind))
            assert SearchJob.objects.get(pk=job.pk).credits_reserved == price * len(wanted)
            self.did("a planner died")
            return
        queued = enqueueing.queue(batch, order, run=run.id, balance=None)
        run.tally.settle(batch.kind, queued)
        if queued.job and queued.reused:
            writeback.write(queued.job.pk)
        if queued.late:
            self.did("bought by somebody else since it was planned")
        self.ordered(run, force=order.force)

    @rule()
    def a_night(self):
        """Every night the whole list is asked for, shortly after midnight."""
        self.clock.at = self.clock.midnight() + dt.timedelta(minutes=5)
        rows = LeadSearch.objects.count()
        run = enrich(Lead.objects.order_by("pk"), find=EVERYTHING[0], verify=True)
        self.ordered(run, force=False)
        tally = run.tally
        if not (tally.to_search.total() + tally.shared.total() + tally.reused.total()):
            assert LeadSearch.objects.count() == rows, "a night that learned nothing wrote rows"
        if any(reason is Reason.NOTHING_NEW for _, reason in tally.skipped):
            self.did("a night bought nothing again")

    @when("held", "unconfirmed")
    @rule(number=which, choice=which)
    def decide(self, number, choice):
        # What is queued continues by itself; only sometimes somebody cancels it.
        states = list(DECISIONS) if choice > 6 else ["held", "unconfirmed"]
        jobs = SearchJob.objects.filter(state__in=states).exclude(requested=0)
        jobs = jobs.filter(~is_stopped() | Q(state="unconfirmed"))
        job = pick(jobs.order_by("created_at"), number)
        self.nothing_else_can_be_decided(number)
        if job:
            decision = pick(DECISIONS[job.state], choice)
            runs = self.runs()
            assert decision(job.pk, by="ann")
            self.did(f"{decision.__name__}: {job.state}")
            if decision is decisions.resend and self.runs() - runs:
                self.did("sent again")

    def nothing_else_can_be_decided(self, number):
        """A page that was open for long offers what is too late by now."""
        for state in (*DECISIONS, "running", "finished"):
            if job := pick(SearchJob.objects.filter(state=state).order_by("created_at"), number):
                too_late = set(chain(*DECISIONS.values())) - set(DECISIONS.get(state, ()))
                assert not any(decision(job.pk, by="ann") for decision in too_late)

    def runs(self):
        return set(SearchJob.objects.filter(~Q(requested=0)).values_list("run", flat=True))

    @when("expired", "failed", "finished")
    @rule(cap=st.sampled_from([None, None, Decimal(1), Decimal(40)]))
    def retry(self, cap=None):
        runs = decisions.retry(SearchJob.objects.all(), by="ann", max_credits=cap)
        spent = sum(run.tally.worst_case for run in runs)
        assert cap is None or spent <= cap
        for run in runs:
            self.ordered(run, force=False)
        if spent:
            self.did("searched again after an error")
