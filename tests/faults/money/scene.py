"""What all rules share: one CRM, one account at Enrow, the weather between them, and the clock."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from django.conf import settings as django_settings
from django.db.models import Exists, OuterRef
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition

from enrow_webhooks.client.values import Kind
from enrow_webhooks.models import Heartbeat, WebhookEvent
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.jobs import State as AtEnrow
from leads.credits import reconciliation
from leads.models import AccountReading, BatchedLead, EnrichmentRun, Lead, LeadSearch, RunLead, SearchJob
from leads.outbox.batches import Batch, Wanted
from leads.upkeep.sweep import sweep
from tests.faults.money.books import USER_LIMIT, Books
from tests.faults.money.clock import Clock

SECRET = "a-shared-secret-of-some-length"
PLENTY = Decimal(1_000_000)
# Events are recorded and never sent: the machine delivers them itself, when it likes. Searches end when it likes.
QUIET = {"chaos": "drop", "delay": 3600.0, "rate": None}
# Every Enrow that may answer, as changes to the sandbox.
SAID_ELSEWHERE = "phone_event_custom=top,bulk_event_custom=general,account_breakdown,verify_bulk_breakdown"
ENROWS = [
    {"profile": "current", "facts": ""},
    {"profile": "legacy", "facts": "phone_nested,webhook_balance,find_event_result=false"},
    {"profile": "current", "facts": f"shuffled_rows,inexact_credits,echo_email_lowered,{SAID_ELSEWHERE}"},
    {"profile": "current", "facts": "webhook_final_cost=false,failed_batch_notifies=false"},
    {"profile": "resolver", "facts": ""},
    {"profile": "current", "facts": "custom_as_text"},
    {"profile": "current", "facts": "refusals_without_row"},
    {"profile": "unkind", "facts": "missing_rows=0,ongoing_rows=0"},
]
# Credits per search: as documented, and such that no sum is round.
PRICES = [{}, {Kind.FIND_EMAIL: "0.37", Kind.VERIFY_EMAIL: "0.11", Kind.FIND_PHONE: "13.33"}]
FACTS_OF_PRICES = {Kind.FIND_EMAIL: "find_price", Kind.VERIFY_EMAIL: "verify_price", Kind.FIND_PHONE: "phone_price"}
# What may be wrong, as changes to the sandbox and to ENROW.
WEATHER = {
    "fine": ({}, {}),
    "answers get lost": ({"chaos": "drop,lost-answer"}, {}),
    "a gateway answers": ({"chaos": "drop,gateway"}, {}),
    "searches end before the answer": ({"chaos": "drop,early"}, {}),
    "Enrow is unavailable": ({"chaos": "drop,unavailable"}, {}),
    "Enrow throttles": ({"chaos": "drop,throttle=0.5"}, {}),
    "GETs fail": ({"chaos": "drop,get-unavailable=0.5,get-gateway=0.5,get-lost=0.3"}, {}),
    "events are odd": ({"chaos": "drop,foreign-fields,nested-phone"}, {}),
    "no credits": ({"credits": Decimal(0)}, {}),
    "a bad key": ({}, {"API_KEY": "bad-key"}),
    "no phones in the plan": ({}, {"API_KEY": "no-phone-key"}),
    "no way to Enrow": ({}, {"BASE_URL": "http://127.0.0.1:9"}),
    "GETs know nothing yet": ({"chaos": "drop,unknown-for-a-while"}, {}),
    "types are wrong": ({"chaos": "drop,wrong-types=0.3"}, {}),
}
_RUNS = (RunLead, BatchedLead, EnrichmentRun)
# Which of the things that are there.
which = st.integers(0, 9)
rarely = st.sampled_from([False, False, False, True])


def when(*states):
    """Let a rule be chosen only while there is something in one of these states."""
    return precondition(lambda self: any(self.states[state] for state in states))


def is_stopped():
    """Return the condition that the run of a job was paused or cancelled: no worker claims it."""
    return Exists(EnrichmentRun.objects.stopped().filter(pk=OuterRef("run")))


def pick(things, number):
    """Return one of the things, None when there is none."""
    things = list(things)
    return things[number % len(things)] if things else None


class Scene(RuleBasedStateMachine):
    """The state of the machine. What has an effect is counted by ``did``."""

    def __init__(self, sandbox: Sandbox, server_url: str, clock: Clock, effects: Counter[str]) -> None:
        super().__init__()
        self.sandbox, self.server_url, self.clock, self.effects = sandbox, server_url, clock, effects
        clock.__init__()
        for model in (LeadSearch, SearchJob, Lead, *_RUNS, WebhookEvent, AccountReading, Heartbeat):
            model.objects.all().delete()
        self.browser = Client()
        self.number_of_leads = 0
        self.planned, self.stalled = [], []
        # How many jobs are in which state, since the last step; rules that have nothing to do are not chosen.
        self.states: Counter[str] = Counter()
        # The last day on which the limit of the day was reached.
        self.refused_on = None

    def set_up(self, limit=None, enrow=ENROWS[0], prices=PRICES[0], seed=0) -> None:
        """Open the books of an account with this limit of a day, this Enrow and these prices."""
        if enrow["profile"] == "legacy":
            prices = {Kind.FIND_PHONE: "50"} | prices
        django_settings.ENROW.update(DAILY_CREDIT_LIMIT=limit, USER_DAILY_CREDIT_LIMIT=USER_LIMIT, PRICES=prices)
        # The profile first, because the facts are changes to it.
        self.sandbox.configure(profile=enrow["profile"], seed=seed, credits=PLENTY, **QUIET)
        facts = [enrow["facts"], *(f"{FACTS_OF_PRICES[kind]}={price}" for kind, price in prices.items())]
        self.sandbox.configure(facts=",".join(filter(None, facts)))
        self.sandbox.reset()
        self.books = Books(self.sandbox, self.clock, limit, self.effects)
        self.change_weather("fine")
        reconciliation.read_balance()
        self.books.note_readings()

    def set_limit(self, limit) -> None:
        """Let another limit hold from now on; what was spent on a day before is no matter of it."""
        django_settings.ENROW.update(DAILY_CREDIT_LIMIT=limit)
        self.books.day_limit = limit

    def look(self) -> None:
        """Count the jobs per state."""
        self.states = Counter(SearchJob.objects.exclude(requested=0).values_list("state", flat=True))
        self.states["event"] = WebhookEvent.objects.waiting().count()
        self.states["at Enrow"] = sum(job.state is AtEnrow.ONGOING for job in self.sandbox.jobs)

    def did(self, effect: str) -> None:
        """Count what had an effect; a rule that found nothing to do counts as nothing."""
        self.effects[effect] += 1

    def change_weather(self, name: str) -> None:
        """Let everything be as it should, but for what is wrong in this weather."""
        self.sandbox.configure(**QUIET)
        django_settings.ENROW.update(API_KEY="sandbox-key", BASE_URL=self.server_url)
        sandbox, enrow = WEATHER[name]
        self.sandbox.configure(**sandbox)
        django_settings.ENROW.update(enrow)

    def top_up(self) -> None:
        """Buy credits."""
        self.sandbox.configure(credits=PLENTY)

    def sweep(self) -> None:
        """Do what the periodic pass does; it may read the balance."""
        sweep()
        self.books.note_readings()

    def a_lead(self, number: int) -> Lead | None:
        """Return one of the leads."""
        return pick(Lead.objects.order_by("pk"), number)

    def is_planned(self, crm_id: str) -> bool:
        """Tell whether a planner that is not done yet has read this lead."""
        batches = [batch for batch, _, _ in self.planned]
        return any(crm_id == row.crm_id for batch in batches for row in _rows(batch))


def _rows(batch: Batch) -> list[Wanted]:
    return [*batch.purchases.values(), *batch.shares, *batch.reuses]
