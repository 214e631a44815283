"""Caps hold: of the run, of the day, of the balance, however many plan at once."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads.credits import budget
from leads.credits.budget import Allowance, Balance
from leads.enrichment import enrich, enrich_later, estimate
from leads.models import EnrichmentRun, Lead, SearchJob
from leads.outbox.batches import Order
from leads.outbox.enqueueing import queue
from leads.outbox.planning import plan
from leads.outbox.tally import Tally
from leads.rules import EnrichmentRule
from leads.runs import planning
from leads.skips import Reason
from tests.conftest import finish
from tests.enrow_webhooks.support import Stranger
from tests.leads.problems import job

pytestmark = pytest.mark.django_db


def test_the_day_has_a_limit_over_all_runs(make_leads, enrow):
    """What an earlier run may cost today counts against the next one."""
    make_leads(10)
    enrow(DAILY_CREDIT_LIMIT=7)
    first = enrich(Lead.objects.filter(crm_id__lt="lead-4"), find={"email"})
    second = enrich(Lead.objects.all(), find={"email"})
    assert (first.tally.to_search[Kind.FIND_EMAIL], second.tally.to_search[Kind.FIND_EMAIL]) == (4, 3)
    assert second.tally.skipped[Kind.FIND_EMAIL, Reason.OVER_DAY] == 3
    assert 'ENROW["DAILY_CREDIT_LIMIT"]=7' in second.tally.examples[-1].sentence


def test_yesterday_does_not_count(make_leads, enrow):
    """The limit is one of the day."""
    make_leads(4)
    enrow(DAILY_CREDIT_LIMIT=2)
    enrich(Lead.objects.filter(crm_id__lt="lead-2"), find={"email"})
    SearchJob.objects.update(created_at=timezone.now() - dt.timedelta(days=1))
    assert enrich(Lead.objects.all(), find={"email"}).tally.to_search[Kind.FIND_EMAIL] == 2


def test_what_was_not_found_is_released(make_leads, enrow, sandbox):
    """Reserved is the worst case; a miss is free and gives its credit back to the day."""
    make_leads(3, lastname="Nobody")
    make_leads(3, prefix="more")
    enrow(DAILY_CREDIT_LIMIT=3)
    enrich(Lead.objects.filter(crm_id__startswith="lead"), find={"email"})
    assert budget.allowance(None).day == 0
    finish(sandbox)
    assert budget.allowance(None).day == 3
    assert enrich(Lead.objects.all(), find={"email"}).tally.to_search[Kind.FIND_EMAIL] == 3


def test_the_balance_is_a_limit_too(make_leads, sandbox):
    """Nothing is queued that the account cannot pay; what is queued already counts."""
    make_leads(3)
    sandbox.configure(credits=85)
    run = enrich(Lead.objects.all(), find={"phone"})
    assert run.tally.to_search[Kind.FIND_PHONE] == 2
    assert run.tally.skipped[Kind.FIND_PHONE, Reason.OVER_BALANCE] == 1
    assert "balance" in run.tally.examples[-1].sentence
    again = enrich(Lead.objects.all(), find={"email"})
    assert again.tally.to_search[Kind.FIND_EMAIL] == 3
    assert estimate(Lead.objects.all(), find={"phone"}).tally.to_search[Kind.FIND_PHONE] == 0


def test_an_unknown_balance_is_no_limit(make_leads, enrow):
    """When Enrow cannot be asked, its own 402 is the limit."""
    make_leads(1)
    enrow(BASE_URL="http://127.0.0.1:9")
    assert budget.ask_balance() is None
    assert enrich(Lead.objects.all(), find={"phone"}).tally.to_search[Kind.FIND_PHONE] == 1


def test_an_enrow_that_says_nothing_costs_a_page_a_few_seconds(make_leads, enrow, caplog):
    """A socket that takes the connection and never answers: one try, and a log line without the key."""
    make_leads(1)
    with Stranger(None) as silent:
        enrow(BASE_URL=silent.url, API_KEY="a-secret-key")
        assert estimate(Lead.objects.all(), find={"email"}).balance is None
        assert len(silent.requests) == 1
    assert "The balance is not known: Enrow could not be reached." in caplog.text
    assert "a-secret-key" not in caplog.text


def test_a_full_backlog_is_given_up_too(enrow):
    """A host that drops every packet: not even the connection is waited for."""
    with contextlib.ExitStack() as stack:
        black_hole = stack.enter_context(socket.socket())
        black_hole.bind(("127.0.0.1", 0))
        black_hole.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(black_hole.getsockname())
        enrow(BASE_URL=f"http://127.0.0.1:{black_hole.getsockname()[1]}")
        assert budget.ask_balance() is None


def test_an_estimate_shows_balance_and_limits(make_leads, sandbox, enrow):
    """Before anything is spent: what it can cost, what is there, and who is left out for want of credits."""
    make_leads(5)
    enrow(DAILY_CREDIT_LIMIT=3)
    sandbox.configure(credits=1000)
    foreseen = estimate(Lead.objects.all(), find={"email"})
    assert (foreseen.balance, foreseen.tally.worst_case) == (1000, 3)
    assert foreseen.tally.skipped[Kind.FIND_EMAIL, Reason.OVER_DAY] == 2


def test_credits_are_exact(make_leads, enrow):
    """Quarters add up to quarters: 3 verifications under a limit of 0.74 are 2."""
    make_leads(3)
    for lead in Lead.objects.all():
        lead.email = f"{lead.crm_id}@x.com"
        lead.save()
    enrow(DAILY_CREDIT_LIMIT="0.74")
    run = enrich(Lead.objects.all(), verify=True)
    assert (run.tally.to_search[Kind.VERIFY_EMAIL], run.tally.worst_case) == (2, Decimal("0.50"))


def test_the_day_of_the_limit_is_the_projects_own(make_leads, enrow, far_away):
    """It begins at midnight in TIME_ZONE, not in UTC: what is queued now counts, what was a second earlier does not."""
    make_leads(1)
    enrow(DAILY_CREDIT_LIMIT=5)
    enrich(Lead.objects.all(), find={"email"})
    midnight = dt.datetime.now(far_away).replace(hour=0, minute=0, second=0, microsecond=0)
    left = [budget.allowance(None).day]
    for moment in (midnight, midnight - dt.timedelta(seconds=1)):
        SearchJob.objects.update(created_at=moment)
        left.append(budget.allowance(None).day)
    assert left == [4, 4, 5]


@pytest.mark.parametrize(
    ("limit", "price", "paid"),
    [("0.74", "0.25", 2), ("0.75", "0.25", 3), ("79", "40", 1), ("0", "1", 0), ("-3", "1", 0)],
)
@pytest.mark.parametrize("name", ["day", "balance"])
def test_a_limit_pays_for_whole_searches_only(name, limit, price, paid):
    """Rounded down, never up; the limit itself may be spent, and a limit that was passed pays for nothing."""
    assert Allowance(**{name: Decimal(limit)}).covers(Decimal(price), 9) == paid


def test_of_two_limits_the_stricter_holds():
    """And never more is paid for than is wanted."""
    assert Allowance(day=Decimal(3), balance=Decimal(5)).covers(Decimal(1), 9) == 3
    assert Allowance(day=Decimal(7), balance=Decimal(5)).covers(Decimal(1), 9) == 5
    assert Allowance(day=Decimal(7), balance=Decimal(5)).covers(Decimal(1), 2) == 2


@pytest.mark.parametrize(
    ("state", "sent", "counts"),
    [
        ("queued", None, True),
        ("held", None, True),
        ("sending", -60, True),
        ("unconfirmed", -60, True),
        ("running", -60, False),
        ("running", 60, True),
        ("finished", 60, True),
        ("finished", -60, False),
    ],
)
def test_what_enrow_may_not_have_taken_yet_counts_against_the_balance(state, sent, counts):
    """What is reserved here, and what was sent since the balance was read; the rest is in the balance already."""
    now = timezone.now()
    sent_at = None if sent is None else now + dt.timedelta(seconds=sent)
    job(state=state, sent_at=sent_at, credits_reserved=4)
    assert budget.allowance(Balance(credits=Decimal(10), asked_at=now)).balance == (6 if counts else 10)


def by(user, via="admin", **leads):
    return enrich(Lead.objects.filter(**leads), find={"email"}, requested_by=user, via=via)


def test_each_user_has_a_limit_of_the_day(make_leads, enrow):
    """Over all that they ask for in the admin; other users have their own."""
    make_leads(4)
    make_leads(4, prefix="more", lastname="Else")
    enrow(USER_DAILY_CREDIT_LIMIT=5)
    assert by("ann", crm_id__startswith="lead").tally.to_search[Kind.FIND_EMAIL] == 4
    second = by("ann", crm_id__startswith="more")
    assert second.tally.to_search[Kind.FIND_EMAIL] == 1
    assert second.tally.skipped[Kind.FIND_EMAIL, Reason.OVER_USER] == 3
    assert 'ENROW["USER_DAILY_CREDIT_LIMIT"]=5' in second.tally.examples[-1].sentence
    foreseen = estimate(Lead.objects.all(), find={"email"}, requested_by="ann", via="admin")
    assert (foreseen.tally.worst_case, foreseen.tally.skipped[Kind.FIND_EMAIL, Reason.OVER_USER]) == (0, 3)
    assert by("bob", crm_id__startswith="more").tally.to_search[Kind.FIND_EMAIL] == 3  # one is under way
    SearchJob.objects.update(created_at=timezone.now() - dt.timedelta(days=1))
    assert budget.allowance(None, user="ann").user == 5


@pytest.mark.parametrize("via", ["code", "command", "rule"])
def test_only_admin_and_api_count_against_a_user(make_leads, enrow, via):
    """A name that code gives is a note; without one there is nobody to count against."""
    make_leads(4)
    make_leads(4, prefix="more", lastname="Else")
    enrow(USER_DAILY_CREDIT_LIMIT=1)
    assert by("ann", via, crm_id__startswith="lead").tally.to_search[Kind.FIND_EMAIL] == 4
    assert budget.allowance(None, user="ann").user == 1
    assert budget.allowance(None).user is None
    assert by("ann", crm_id__startswith="more").tally.to_search[Kind.FIND_EMAIL] == 1


def test_what_a_user_asks_for_by_a_program_counts(make_leads, enrow):
    """Together with what they ask for in the admin."""
    make_leads(4)
    make_leads(4, prefix="more", lastname="Else")
    enrow(USER_DAILY_CREDIT_LIMIT=5)
    by("ann", "api", crm_id__startswith="lead")
    assert budget.allowance(None, user="ann").user == 1
    assert by("ann", crm_id="more-0").tally.to_search[Kind.FIND_EMAIL] == 1
    assert by("ann", "api", crm_id__startswith="more").tally.to_search[Kind.FIND_EMAIL] == 0


def test_a_run_that_was_pruned_counts_on(make_leads, enrow):
    """Its jobs say who asked; that nobody knows any more through what must free nothing."""
    make_leads(2)
    enrow(USER_DAILY_CREDIT_LIMIT=5)
    by("ann")
    EnrichmentRun.objects.all().delete()
    assert budget.allowance(None, user="ann").user == 3


def test_the_limit_of_a_user_holds_in_the_background_too(make_leads, enrow):
    """The run knows who asked, and through what."""
    make_leads(4)
    enrow(USER_DAILY_CREDIT_LIMIT=3)
    run = enrich_later(Lead.objects.all(), find={"email"}, max_credits=None, requested_by="ann", via="admin")
    while planning.plan_next():
        pass
    assert SearchJob.objects.get().requested == 3
    assert EnrichmentRun.objects.get(pk=run.id).tally["skipped"] == {"find_email": {"over_user": 1}}


def test_a_planner_that_comes_later_sees_what_was_queued_meanwhile(make_leads, enrow):
    """What the plan expected is not what binds: it is summed again under the lock."""
    make_leads(4)
    enrow(USER_DAILY_CREDIT_LIMIT=3)
    order = Order(kinds=(Kind.FIND_EMAIL,), requested_by="ann", via="admin")
    tally = Tally(allowance=budget.allowance(None, user=order.capped_user))
    (batch,) = plan(Lead.objects.exclude(crm_id="lead-0"), order, tally)
    assert tally.worst_case == 3
    by("ann", crm_id="lead-0")
    queued = queue(batch, order, run=uuid.uuid4(), balance=None)
    assert queued.job.requested == 2
    assert {reason for _, reason in queued.unpaid.values()} == {Reason.OVER_USER}


def test_the_cap_of_a_rule_holds_over_all_its_runs(make_leads, enrow):
    """Of the day, summed again under the lock; others do not count, nor does a rule of that name that code invents."""
    enrow(RULES=[EnrichmentRule("new", "leads.Lead", find={"email"}, daily_credits=3)])
    make_leads(8)
    assert by("rule:new", "rule", crm_id__in=["lead-0", "lead-1"]).tally.to_search[Kind.FIND_EMAIL] == 2
    by("rule:new", "code", crm_id="lead-2")
    second = by("rule:new", "rule")
    assert second.tally.to_search[Kind.FIND_EMAIL] == 1
    assert second.tally.skipped[Kind.FIND_EMAIL, Reason.OVER_RULE] == 4
    assert budget.allowance(None, rule="rule:new").rule == 0
    assert budget.allowance(None, rule="rule:other").rule == 0
    assert budget.allowance(None).rule is None
    SearchJob.objects.update(created_at=timezone.now() - dt.timedelta(days=1))
    assert budget.allowance(None, rule="rule:new").rule == 3
    assert by("nightly", "rule").tally.to_search[Kind.FIND_EMAIL] == 4, "Code may call itself a rule; it has no cap."


def test_a_planner_of_a_rule_that_comes_later_sees_what_was_queued_meanwhile(make_leads, enrow):
    """As for users: what the plan expected is not what binds."""
    enrow(RULES=[EnrichmentRule("new", "leads.Lead", find={"email"}, daily_credits=3)])
    make_leads(4)
    order = Order(kinds=(Kind.FIND_EMAIL,), requested_by="rule:new", via="rule")
    (batch,) = plan(Lead.objects.exclude(crm_id="lead-0"), order, Tally(allowance=budget.allowance(None, **order.caps)))
    by("rule:new", "rule", crm_id="lead-0")
    queued = queue(batch, order, run=uuid.uuid4(), balance=None)
    assert queued.job.requested == 2
    assert {reason for _, reason in queued.unpaid.values()} == {Reason.OVER_RULE}
