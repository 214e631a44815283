"""Mapped tables in several databases."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.utils import ConnectionHandler

from enrow_webhooks import databases as products
from leads.mapping_checks import databases
from tests.leads.mapping_checks.shapes import codes, contact, mapping, model, only

SQLITE = "django.db.backends.sqlite3"


class Router:
    """Sends models to databases, by their names."""

    reads = None
    writes = None

    def db_for_read(self, model, **hints):
        return self.reads.get(model.__name__) or self.writes.get(model.__name__)

    def db_for_write(self, model, **hints):
        return self.writes.get(model.__name__)


@pytest.fixture
def routed(settings, monkeypatch):
    """Have a second database of SQLite and a third of MySQL, and a router between them."""
    handler = ConnectionHandler(
        {
            "default": {"ENGINE": SQLITE, "NAME": ":memory:"},
            "crm": {"ENGINE": SQLITE, "NAME": ":memory:"},
            "legacy": {"ENGINE": "tests.backends.mysql", "NAME": ":memory:"},
        }
    )
    monkeypatch.setattr(databases, "connections", handler)
    monkeypatch.setattr(products, "connections", handler)

    def send(reads=None, **writes):
        monkeypatch.setattr(Router, "reads", reads or {})
        monkeypatch.setattr(Router, "writes", writes)
        settings.DATABASE_ROUTERS = [Router()]

    return send


def write(self, changes):
    """Write nothing."""
    return []


def test_another_database_is_right_where_all_that_is_read_is_there(routed):
    """It is written by the ORM."""
    routed(Contact="crm", Company="crm")
    assert codes(mapping(contact())) == []


def test_another_product_is_told(routed):
    """Nobody has tried whether its locks hold what is promised."""
    routed(Contact="legacy", Company="legacy")
    code, attribute, text = only(mapping(contact()))
    assert (code, attribute) == ("E129", "")
    assert "'legacy', which is MySQL or MariaDB" in text


def test_our_own_database_of_another_product_is_told_once(routed):
    """enrow.E106 says it."""
    routed(Contact="legacy", Company="legacy", LeadSearch="legacy")
    assert codes(mapping(contact())) == []


def test_a_database_that_is_not_there_is_told(routed):
    """Nothing could be read."""
    routed(Contact="crn")
    code, _, text = only(mapping(contact()))
    assert code == "E129"
    assert "'crn', which is no database of this project" in text


def test_a_path_into_another_database_is_told(routed):
    """SQL joins tables of one database."""
    routed(Contact="crm")
    code, attribute, text = only(mapping(contact()))
    assert (code, attribute) == ("E129", "company_domain")
    assert "reads crm.Company, which the router sends to 'default'; crm.Contact is in 'crm'" in text


@pytest.mark.parametrize("where", ["employer", "another"])
def test_an_expression_into_another_database_is_told(routed, where):
    """Also inside a subquery."""
    lead = contact(employer=models.CharField(max_length=9), joined=models.DateTimeField(null=True))
    other = model("Firm", name=models.CharField(max_length=9), website=models.CharField(max_length=99))
    routed(Firm="crm")
    source = Subquery(other.objects.filter(name=OuterRef("employer")).values("website")[:1])
    assert only(mapping(lead, company_domain=source))[:2] == ("E129", "company_domain")
    routed(Firm="default")
    assert codes(mapping(lead, company_domain=source)) == []


def test_a_replica_is_no_matter_but_for_the_projects_own_write(routed):
    """Leads are read where they are written; what write() reads is its own affair."""
    routed(reads={"Contact": "crm"})
    lead = contact()
    assert codes(mapping(lead)) == []
    code, attribute, text = only(mapping(lead, write=write))
    assert (code, attribute) == ("W104", "write")
    assert ".using('default')" in text
    routed()
    assert codes(mapping(lead, write=write)) == []
