"""What the balance was, from time to time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from leads.models import AccountReading

MORNING = dt.datetime(2026, 5, 1, 9, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("balance", "words"), [(Decimal("12.50"), "12.50 at"), (Decimal(0), "0 at"), (None, "unknown")]
)
def test_a_reading_tells_an_empty_account_from_an_unknown_one(balance, words):
    """None is an Enrow that did not say; zero is zero."""
    assert str(AccountReading(credits=balance, taken_at=MORNING)).startswith(words)


@pytest.mark.django_db
def test_the_newest_reading_comes_first():
    """The first one is the balance of today."""
    for hours in (0, 2, 1):
        AccountReading.objects.create(credits=hours, taken_at=MORNING + dt.timedelta(hours=hours))
    assert [reading.credits for reading in AccountReading.objects.all()] == [2, 1, 0]
