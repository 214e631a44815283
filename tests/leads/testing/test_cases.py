"""The same for unittest: this module is one, and pytest runs it."""

from __future__ import annotations

import unittest

from django.conf import settings
from django.db import transaction
from django.test import TestCase, TransactionTestCase

from enrow_webhooks.client.http import EnrowClient
from leads.enrichment import enrich
from leads.testing.cases import EnrowTestCase
from leads.testing.guarding import RealEnrowError
from tests.crm.models import Company, Contact

GOOD = "ann@acme.com"
RAN: list[str] = []


def add_ann():
    return Contact.objects.create(
        given_name="Ann", family_name="Lee", employer=Company.objects.create(title="Acme", website="acme.com")
    )


class InOneTransaction(EnrowTestCase, TestCase):
    """Django's TestCase, with data of the class."""

    @classmethod
    def setUpTestData(cls):
        cls.ann = add_ann()
        with cls.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(lambda: RAN.append("class"))

    def test_found(self):
        """From the project's on_commit to the value, with commits that Django captured before."""
        self.enrow.knows("Ann Lee", "acme.com", email=GOOD)
        with self.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(lambda: enrich(Contact.objects.all(), find={"email"}))
        self.enrow.run_all()
        self.ann.refresh_from_db()
        assert self.ann.work_email == GOOD
        assert len(self.enrow.bought) == 1
        assert RAN == ["class"], "what the class registered ran twice"

    def test_each_test_has_its_own(self):
        """Nothing is known, bought or written of another test's."""
        enrich(Contact.objects.all(), find={"email"})
        self.enrow.run_all()
        self.ann.refresh_from_db()
        assert self.ann.work_email is None
        assert self.enrow.spent == 0

    def test_settings_and_patches_are_there(self):
        """The real one cannot be met; that is told at the end, too, so only the address is asked here."""
        assert settings.ENROW["BASE_URL"] == "https://enrow.test"


class WithRealCommits(EnrowTestCase, TransactionTestCase):
    """Django's TransactionTestCase, and options of the sandbox."""

    enrow_options = {"credits": 3, "chaos": "duplicate"}  # noqa: RUF012 - as users write it

    def test_found(self):
        """The same, and what the class asked of the sandbox."""
        ann = add_ann()
        assert self.enrow.balance == 3
        self.enrow.knows("Ann Lee", "acme.com", email=GOOD)
        with transaction.atomic():
            enrich(Contact.objects.all(), find={"email"})
        self.enrow.run_all()
        ann.refresh_from_db()
        assert ann.work_email == GOOD
        assert len(self.enrow.sandbox.deliveries) == 3


def test_a_test_that_meets_the_real_one_is_an_error(db):
    """Also where its own code swallowed what was raised."""

    class Swallows(EnrowTestCase):
        def test_it(self):
            try:
                with EnrowClient("key") as client:
                    client.account()
            except RealEnrowError:
                pass

    result = unittest.TestResult()
    Swallows("test_it").run(result)
    [(_, said)] = result.errors + result.failures
    assert "api.enrow.io" in said
    assert settings.ENROW["BASE_URL"] != "https://enrow.test"
