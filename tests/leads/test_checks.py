"""``manage.py check`` explains the leads app's settings."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads.conf import lead_settings

# Django 6.1 asks the database, too, whenever checks run.
pytestmark = pytest.mark.django_db


DAYS = {"find_email": {"found": 36_500}}


def ids():
    return {message.id for message in run_checks() if str(message.id).startswith("enrow.E1")}


def test_good_settings_raise_nothing():
    """Silence means that all is well."""
    assert ids() == set()


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"PRICES": {"find_fax": 1}}, "enrow.E102"),
        ({"PRICES": {"find_phone": "much"}}, "enrow.E102"),
        ({"PRICES": 40}, "enrow.E102"),
        ({"BATCH_SIZE": 0}, "enrow.E103"),
        ({"GIVE_UP_AFTER_HOURS": "soon"}, "enrow.E103"),
        ({"SENDING_LEASE_SECONDS": True}, "enrow.E103"),
        ({"DAILY_CREDIT_LIMIT": -1}, "enrow.E104"),
        ({"DAILY_CREDIT_LIMIT": "lots"}, "enrow.E104"),
        ({"DAILY_CREDIT_LIMIT": False}, "enrow.E104"),
        ({"METRICS_TOKEN": "short"}, "enrow.E134"),
        ({"METRICS_TOKEN": 12345678901234567}, "enrow.E134"),
        ({"USER_DAILY_CREDIT_LIMIT": -1}, "enrow.E104"),
        ({"USER_DAILY_CREDIT_LIMIT": "some"}, "enrow.E104"),
        ({"CONFIRM_ABOVE_CREDITS": "much"}, "enrow.E104"),
        ({"CONFIRM_ABOVE_CREDITS": -1}, "enrow.E104"),
        ({"UNEXPLAINED_CREDITS": "NaN"}, "enrow.E104"),
        ({"UNCONFIRMED_MINUTES": "soon"}, "enrow.E105"),
        ({"UNCONFIRMED_MINUTES": 10**9}, "enrow.E105"),
        ({"REUSE_DAYS": {"find_email": {"found": -0.5}}}, "enrow.E109"),
        ({"REUSE_DAYS": {"find_email": {"not_found": 10**9}}}, "enrow.E109"),
        ({"REUSE_DAYS": {"find_email": {"valid": 30}}}, "enrow.E109"),
        ({"REUSE_DAYS": {"verify_email": {"found": 30}}}, "enrow.E109"),
        ({"REUSE_DAYS": {"find_fax": {"found": 30}}}, "enrow.E109"),
        ({"REUSE_DAYS": {"find_fax": {}}}, "enrow.E109"),
        ({"REUSE_DAYS": {"find_email": 30}}, "enrow.E109"),
        ({"REUSE_DAYS": 30}, "enrow.E109"),
        ({"ENVIRONMENT": 1}, "enrow.E110"),
        ({"ENVIRONMENT": " staging"}, "enrow.E110"),
        ({"ENVIRONMENT": "a\x00b"}, "enrow.E110"),
        ({"ENVIRONMENT": "x" * 101}, "enrow.E110"),
    ],
)
def test_each_wrong_setting_has_its_id(enrow, keys, code):
    """Ids are stable, so that a project can silence one."""
    enrow(**keys)
    assert ids() == {code}


def test_zero_none_and_the_longest_span_are_settings(enrow):
    """A limit of nothing is a limit; None is the default everywhere; what the check lets pass can be computed."""
    enrow(DAILY_CREDIT_LIMIT=0, UNEXPLAINED_CREDITS="0.25", REUSE_DAYS=DAYS, UNCONFIRMED_MINUTES=0)
    assert ids() == set()
    assert timezone.now() - lead_settings.reuse(Kind.FIND_EMAIL)[0]
    enrow(DAILY_CREDIT_LIMIT=None, REUSE_DAYS=None, BATCH_SIZE=None, PRICES=None, UNCONFIRMED_MINUTES=None)
    assert ids() == set()
    assert lead_settings.unconfirmed_for.total_seconds() == 1800
