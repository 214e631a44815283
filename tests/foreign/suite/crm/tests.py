"""The CRM's tests in unittest, for ``manage.py test`` and for pytest."""

from django.db import transaction
from django.test import TestCase, TransactionTestCase

from crm.models import Contact
from crm.views import look_up
from leads.testing.cases import EnrowTestCase


class ContactTests(EnrowTestCase, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ann = Contact.objects.create(name="Ann Lee", company="acme.com")

    def test_found(self):
        self.enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
        with transaction.atomic():
            transaction.on_commit(lambda: look_up(self.ann))
        self.enrow.run_all()
        self.ann.refresh_from_db()
        self.assertEqual(self.ann.email, "ann@acme.com")

    def test_not_found(self):
        look_up(self.ann)
        self.enrow.run_all()
        self.ann.refresh_from_db()
        self.assertIsNone(self.ann.email)
        self.assertEqual(self.enrow.spent, 0)


class RealCommits(EnrowTestCase, TransactionTestCase):
    enrow_options = {"chaos": "duplicate"}

    def test_found(self):
        ann = Contact.objects.create(name="Ann Lee", company="acme.com")
        self.enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
        with transaction.atomic():
            look_up(ann)
        self.enrow.run_all()
        ann.refresh_from_db()
        self.assertEqual(ann.email, "ann@acme.com")
