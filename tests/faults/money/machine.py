"""The machine: every rule of the modules beside it, what must hold after each, and how all comes to rest."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from enrow_webhooks.models import WebhookEvent
from leads import decisions
from leads.models import SearchJob
from tests.faults.money.between import Between
from tests.faults.money.by_rules import ByRules
from tests.faults.money.crm import Crm, a_person
from tests.faults.money.members import Members
from tests.faults.money.orders import finds
from tests.faults.money.runs import Runs
from tests.faults.money.scene import ENROWS, PRICES
from tests.faults.money.workers import Workers


class MoneyMachine(Runs, Members, ByRules, Crm, Between, Workers):
    """One CRM, one account at Enrow, and everything that may happen between them."""

    @initialize(
        limit=st.sampled_from([None, None, Decimal(45), Decimal("6.1")]),
        enrow=st.sampled_from(ENROWS),
        prices=st.sampled_from(PRICES),
        seed=st.integers(0, 99),
        people=st.lists(a_person, min_size=2, max_size=6),
        find=finds,
    )
    def begin(self, limit, enrow, prices, seed, people, find):
        self.set_up(limit, enrow, prices, seed)
        self.add_leads(people, spelling=0)
        self.order(find)

    @invariant()
    def the_books_agree(self):
        if hasattr(self, "books"):
            self.books.check()
            self.members_are_right()
            self.rules_keep_their_caps()
            self.look()

    def teardown(self):
        """Let all be well, deliver and poll everything: then every lead has its result, or a sentence that says why."""
        if hasattr(self, "books"):
            self.come_to_rest()
            self.books.check()
            self.books.everything_ended_well()
            self.members_ended_well()

    def come_to_rest(self):
        self.top_up()
        self.change_weather("fine")
        self.stalled.clear()
        self.set_rules([])
        for _ in range(4):
            self.runs_come_to_rest()
            self.leases_run_out()
            self.sandbox.finish_all()
            for delivery in self.sandbox.deliveries:
                self.post(delivery)
            SearchJob.objects.update(next_check_at=timezone.now())
            self.sweep()
        for job in SearchJob.objects.filter(state="unconfirmed"):
            assert decisions.give_up(job.pk, by="ann")
        for _ in range(3):
            self.runs_come_to_rest()
            WebhookEvent.objects.waiting().update(next_attempt_at=timezone.now())
            self.sweep()
