"""What a plan came to, counted: purchases within the limits, skips with bounded examples."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from enrow_webhooks.client.values import Kind
from leads.credits.budget import Allowance
from leads.outbox.batches import Queued, Unpaid, Wanted
from leads.outbox.tally import Tally
from leads.skips import Reason, Skip

EMAIL = Kind.FIND_EMAIL


def wanted(crm_id):
    return Wanted(crm_id, uuid.uuid4(), "", "")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_credits": Decimal(2)}, Reason.OVER_CAP),
        ({"allowance": Allowance(day=Decimal(2))}, Reason.OVER_DAY),
        ({"allowance": Allowance(user=Decimal(2))}, Reason.OVER_USER),
        ({"allowance": Allowance(balance=Decimal(2))}, Reason.OVER_BALANCE),
    ],
)
def test_a_purchase_over_a_limit_is_refused_and_costs_nothing(limits, reason):
    """Up to the limit itself is bought; the reason names the limit that was met."""
    tally = Tally(**limits)
    assert [tally.buy(EMAIL, Decimal(1)) for _ in range(3)] == [None, None, reason]
    assert (tally.to_search[EMAIL], tally.worst_case) == (2, Decimal(2))


def test_skips_are_counted_without_end_and_shown_up_to_a_hundred():
    """A plan of a million leads holds no million sentences; each kind and reason has its own hundred."""
    tally = Tally()
    for reason in (Reason.MISSING, Reason.ALREADY):
        for number in range(101):
            tally.skip(Skip(crm_id=str(number), kind=EMAIL, reason=reason, sentence="It has no name."))
    assert tally.skipped == {(EMAIL, Reason.MISSING): 101, (EMAIL, Reason.ALREADY): 101}
    assert len(tally.examples) == 200


def test_what_is_not_paid_names_the_limit_as_it_is_set(enrow):
    """The sentence says which number to change."""
    enrow(DAILY_CREDIT_LIMIT=7, USER_DAILY_CREDIT_LIMIT=8)
    tally = Tally(max_credits=Decimal(3))
    for reason in (Reason.OVER_CAP, Reason.OVER_DAY, Reason.OVER_USER, Reason.OVER_BALANCE):
        tally.unpaid(EMAIL, "1", reason)
    assert [word in skip.sentence for skip, word in zip(tally.examples, ["=3", "=7 ", "=8 ", "buy"], strict=True)] == [
        True
    ] * 4


def test_settling_takes_back_what_was_not_queued():
    """Late and unpaid purchases cost nothing; who waited for one is told the same reason, another that one searches."""
    poor, friend, busy = wanted("poor"), wanted("friend"), wanted("busy")
    friend = friend._replace(fingerprint=poor.fingerprint)
    tally = Tally()
    for _ in range(4):
        tally.buy(EMAIL, Decimal(1))

    unpaid = {poor.fingerprint: Unpaid(poor, Reason.OVER_DAY)}
    tally.settle(EMAIL, Queued(job=None, late=1, shared=2, reused=3, missed=1, unserved=[friend, busy], unpaid=unpaid))

    assert (tally.to_search[EMAIL], tally.worst_case) == (2, Decimal(2))
    assert (tally.shared[EMAIL], tally.reused[EMAIL], tally.missed[EMAIL]) == (2, 3, 1)
    assert {skip.crm_id: skip.reason for skip in tally.examples} == {
        "poor": Reason.OVER_DAY,
        "friend": Reason.OVER_DAY,
        "busy": Reason.IN_FLIGHT,
    }
