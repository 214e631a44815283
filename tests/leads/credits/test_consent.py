"""Which amounts are large, and how an amount reads beside what the account has."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leads.credits.consent import Bill, credits_in_words


def bill(worst_case, balance):
    return Bill(worst_case=Decimal(worst_case), balance=None if balance is None else Decimal(balance))


@pytest.mark.parametrize(
    ("setting", "balance", "unasked"),
    [
        (None, "100000", "100"),
        (None, "1000", "100"),
        (None, "999", "99.9"),
        (None, "5", "0.5"),
        (None, "-3", "0"),
        (None, None, "100"),
        (500, "1000", "500"),
        ("12.5", None, "12.5"),
        (0, "100000", "0"),
    ],
)
def test_what_is_reserved_unasked(enrow, setting, balance, unasked):
    """100 credits, or a tenth of the balance if that is less; the setting replaces both, and zero asks always."""
    enrow(CONFIRM_ABOVE_CREDITS=setting)
    limit = Decimal(unasked)
    assert bill(0, balance).unasked == limit
    assert not bill(limit, balance).is_large
    assert bill(limit + Decimal("0.25"), balance).is_large


@pytest.mark.parametrize(
    ("worst_case", "balance", "words"),
    [
        ("19680", "20000", "19,680 credits, 98 % of what the account has (20,000)"),
        ("19999", "20000", "19,999 credits, 99 % of what the account has (20,000)"),
        ("20000", "20000", "20,000 credits, 100 % of what the account has (20,000)"),
        ("0.75", "100", "0.75 credits, less than 1 % of what the account has (100)"),
        ("40", "12.5", "40 credits, more than the account has (12.50)"),
        ("1", "0", "1 credits, more than the account has (0)"),
        ("120", None, "120 credits (what the account has is not known)"),
        ("0", "0", "0 credits"),
    ],
)
def test_an_amount_in_words(worst_case, balance, words):
    """A hundred percent is said of all of it only."""
    assert bill(worst_case, balance).words == words


@pytest.mark.parametrize(("amount", "words"), [("1E+3", "1,000"), ("2.5", "2.50"), ("100.00", "100"), ("0.25", "0.25")])
def test_credits_have_commas_and_cents_only_where_there_are_some(amount, words):
    """However the decimal is written inside."""
    assert credits_in_words(Decimal(amount)) == words
