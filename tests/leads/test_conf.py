"""The keys of ENROW that the leads app needs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from enrow_webhooks.client.values import Kind
from leads.conf import LeadSettings, lead_settings


def test_a_price_that_is_set_leaves_the_others_as_they_are(enrow):
    """A customer with an older price for phones writes that one only; amounts are exact."""
    enrow(PRICES={"find_phone": 50.1})
    assert [lead_settings.price(kind) for kind in Kind] == [Decimal(1), Decimal("0.25"), Decimal("50.1")]


@pytest.mark.parametrize(("size", "sizes"), [(10, {10}), (4000, {3000, 4000}), (9999, {3000, 5000})])
def test_a_batch_is_never_larger_than_enrow_takes(enrow, size, sizes):
    """The setting makes batches smaller; more than the kind's own limit would be refused."""
    enrow(BATCH_SIZE=size)
    assert {lead_settings.batch_size(kind) for kind in Kind} == sizes


def test_no_daily_limit_is_none_and_zero_is_a_limit(enrow):
    """Zero stops all spending; it must not read as no limit."""
    assert lead_settings.daily_credit_limit is None
    enrow(DAILY_CREDIT_LIMIT=0)
    assert lead_settings.daily_credit_limit == 0
    assert lead_settings.daily_credit_limit is not None


@pytest.mark.parametrize(
    ("key", "name", "unit"),
    [
        ("SENDING_LEASE_SECONDS", "sending_lease", "seconds"),
        ("GIVE_UP_AFTER_HOURS", "give_up_after", "hours"),
        ("UNCONFIRMED_MINUTES", "unconfirmed_for", "minutes"),
    ],
)
def test_a_span_has_the_unit_of_its_name(enrow, key, name, unit):
    """Fractions count too."""
    enrow(**{key: 1.5})
    assert getattr(lead_settings, name) == dt.timedelta(**{unit: 1.5})


def test_the_days_of_reuse_are_set_per_kind_and_outcome(enrow):
    """What is left out has its default."""
    enrow(REUSE_DAYS={"find_phone": {"not_found": 1.5}, "verify_email": {"valid": 0}})
    days = {kind.value: [span / dt.timedelta(days=1) for span in lead_settings.reuse(kind)] for kind in Kind}
    assert days == {"find_email": [90, 30], "verify_email": [0, 30], "find_phone": [90, 1.5]}


def test_the_other_keys_are_read_as_they_are_set(enrow):
    """A model's name, and an exact amount of credits."""
    enrow(UNEXPLAINED_CREDITS=0.1)
    assert lead_settings.unexplained_credits == Decimal("0.1")


def test_every_key_has_one_property_or_method():
    """No key is declared that nobody can read."""
    assert len(LeadSettings.defaults) == len([name for name in vars(LeadSettings) if not name.startswith("_")]) - 1
