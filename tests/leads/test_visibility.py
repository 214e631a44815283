"""Searches of leads that a mapping hides from somebody are left out, whatever the keys are, by an index."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from benchmarks import plans
from leads.mapping import registry
from leads.models import LeadSearch, SearchJob
from leads.visibility import is_seen_by, seen_by
from tests.crm.lead_mapping import CandidateMapping, ContactMapping, PersonMapping
from tests.crm.models import Candidate, Contact, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def job():
    return SearchJob.objects.create(run=uuid.uuid4(), kind="find_email")


def search(job, lead):
    mapping = registry.of(type(lead))
    crm_id = mapping.crm_id(getattr(lead, mapping.crm_id_field))
    return LeadSearch.objects.create(job=job, model=mapping.label, crm_id=crm_id, kind="find_email", outcome="found")


def hides(monkeypatch, mapping, **hidden):
    monkeypatch.setattr(mapping, "visible_to", lambda self, user, queryset: queryset.exclude(**hidden))


def test_each_kind_of_key_is_looked_up(job, monkeypatch):
    """Numbers, UUIDs and texts; a lead with the same key of another model is another; who is gone is hidden."""
    leads = [
        model.objects.create(**{name: text})
        for model, name in ((Contact, "given_name"), (Candidate, "name"))
        for text in ("Shown", "Hidden")
    ]
    leads += [Person.objects.create(code=text, name=text) for text in ("Shown", "Hidden")]
    searches = [search(job, lead) for lead in leads]
    gone = search(job, Contact(pk=99))
    hides(monkeypatch, ContactMapping, given_name="Hidden")
    hides(monkeypatch, PersonMapping, name="Hidden")
    assert set(seen_by(None, LeadSearch.objects.all())) == {*searches} - {searches[1], searches[5]}
    hides(monkeypatch, CandidateMapping, name="Hidden")
    assert set(seen_by(None, LeadSearch.objects.all())) == {searches[0], searches[2], searches[4]}
    assert gone not in set(seen_by(None, LeadSearch.objects.all()))
    assert [is_seen_by(None, one.crm_id) for one in searches] == [True, False] * 3


def test_what_names_no_key_is_nobody(job, monkeypatch):
    """Texts of an earlier mapping, and numbers that no column holds; the largest that one does is found."""
    for text in ("", "ann", "1e3", "９", "01", "9" * 19, "-" + "9" * 19, "9" * 100):
        LeadSearch.objects.create(
            job=job, model="crm.contact", crm_id=f"contact-{text}", kind="find_email", outcome="found"
        )
    found = {
        search(job, Contact.objects.create(pk=number, given_name="Ann")) for number in (2**63 - 1, 1 - 2**63, 0, 7)
    }
    hides(monkeypatch, ContactMapping, given_name="Hidden")
    assert set(seen_by(None, LeadSearch.objects.all())) == found


def test_what_fits_no_lead_stays(job, monkeypatch):
    """It is kept aside, or its lead was forgotten: there is nobody to be hidden."""
    row = LeadSearch.objects.create(job=job, crm_id="nobody", kind="find_email", outcome="found", effect="aside")
    hides(monkeypatch, ContactMapping, given_name="Hidden")
    assert seen_by(None, LeadSearch.objects.all()).get() == row


def test_where_a_query_cannot_tell_nothing_is_shown(job, monkeypatch):
    """The leads are in another database."""
    search(job, Contact.objects.create(given_name="Shown"))
    monkeypatch.setattr("leads.visibility.crm_ids.can_be_asked", lambda mapping: False)
    assert seen_by(None, LeadSearch.objects.all()).exists()
    hides(monkeypatch, ContactMapping, given_name="Hidden")
    assert not seen_by(None, LeadSearch.objects.all()).exists()


def test_where_nobody_is_hidden_nothing_is_asked():
    """The very same queryset: big lists keep their plans."""
    searches = LeadSearch.objects.all()
    assert seen_by(None, searches) is searches


@pytest.mark.postgres
def test_postgresql_looks_the_leads_up(job, monkeypatch):
    """A page of searches reads as many leads as it has rows."""
    contacts = Contact.objects.bulk_create(Contact(given_name=f"Ann{number}") for number in range(20_000))
    LeadSearch.objects.bulk_create(
        LeadSearch(job=job, model="crm.contact", crm_id=f"contact-{contact.pk}", kind="find_email", outcome="found")
        for contact in contacts
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    hides(monkeypatch, ContactMapping, given_name="Ann7")
    page = seen_by(None, LeadSearch.objects.order_by("-id"))[:50]
    (statement,) = plans.recorded(lambda: list(page))
    assert plans.problems(plans.explain(statement), plans.sizes_of(Contact, LeadSearch), most=3000) == []
