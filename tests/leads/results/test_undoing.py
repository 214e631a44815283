"""The old value is put back: only over what we wrote, for any shape of lead, and nothing fills it again unasked."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from leads import forgetting
from leads.enrichment import enrich
from leads.mapping import registry
from leads.models import Lead, LeadEnrichment, LeadSearch, SearchJob
from leads.results import undoing
from leads.results.undoing import NotPutBack, put_back
from leads.signals import values_written
from tests.conftest import finish
from tests.crm.models import Address, Candidate, Contact, Person

pytestmark = pytest.mark.django_db

OLD, BAD = "old@firm.com", "bad@firm.com"


def searched(row, value=BAD, before="", kind="find_email", **fields) -> LeadSearch:
    """A search that wrote a value onto a lead, as it stands when everything is done."""
    mapping = registry.mapped(type(row))
    job = SearchJob.objects.create(
        run=uuid.uuid4(), kind=kind, state="finished", requested=1, found=1, credits_cost=1, sent_at=timezone.now()
    )
    told = {"outcome": "found", "effect": "written", "value": value, "value_before": before, "position": 0} | fields
    return LeadSearch.objects.create(
        job=job, model=mapping.label, crm_id=mapping.crm_id(mapping.key_of(row)), kind=kind, **told
    )


@pytest.fixture
def lead():
    return Lead.objects.create(crm_id="lead-1", email=BAD, email_status="valid", email_checked_at=timezone.now())


@pytest.mark.parametrize("before", ["", OLD])
def test_the_lead_has_what_it_had_and_nothing_is_known_of_it(lead, before):
    """The verdict was about the other value; when the row changed is noted, and the search says what became of it."""
    search, changed = searched(lead, before=before), lead.updated_at
    assert put_back(search.pk)
    lead.refresh_from_db()
    search.refresh_from_db()
    assert (lead.email, lead.email_status, lead.email_checked_at) == (before, "", None)
    assert lead.updated_at > changed
    assert search.effect == "undone"
    assert not put_back(search.pk), "once"


def test_a_value_that_a_person_typed_meanwhile_stays(lead):
    """Only what we wrote is taken back."""
    search = searched(lead, before=OLD)
    Lead.objects.update(email="typed@firm.com")
    assert not put_back(search.pk)
    assert Lead.objects.get().email == "typed@firm.com"
    search.refresh_from_db()
    assert search.effect == "written"


@pytest.mark.parametrize(
    "fields", [{"effect": "kept"}, {"effect": "erased"}, {"outcome": "not_found", "value": ""}, {"before": BAD}]
)
def test_what_wrote_nothing_is_not_undone(lead, fields):
    """Results that were not written, nothing found, and the same value again."""
    assert not put_back(searched(lead, **fields).pk)
    assert Lead.objects.get().email == BAD


def test_the_steps_are_undone_one_by_one_newest_first(lead):
    """A search that found the same again is none; one that is no longer the last waits for its turn."""
    first, second = searched(lead, value=OLD), searched(lead, before=OLD)
    again = searched(lead, before=BAD)
    assert not put_back(first.pk)
    assert not put_back(again.pk)
    assert put_back(second.pk)
    assert Lead.objects.get().email == OLD
    again.refresh_from_db()
    assert again.effect == "undone"
    assert put_back(first.pk)
    assert Lead.objects.get().email == ""


def test_nobody_who_was_forgotten_comes_back(lead):
    """Their search has no name and no value any more."""
    search = searched(lead, before=OLD)
    forgetting.forget([lead.crm_id])
    assert not put_back(search.pk)
    assert not LeadSearch.objects.exclude(value="", value_before="").exists()
    assert not Lead.objects.filter(email=OLD).exists()


def test_a_mapped_model_with_null_and_a_verdict_beside_its_table():
    """Its blank is NULL, and what LeadEnrichment knew of the value goes."""
    contact = Contact.objects.create(given_name="Ann", work_email=BAD)
    search = searched(contact)
    LeadEnrichment.objects.create(model="crm.contact", key=str(contact.pk), email=BAD, email_status="valid")
    assert put_back(search.pk)
    contact.refresh_from_db()
    assert contact.work_email is None
    known = LeadEnrichment.objects.get()
    assert (known.email, known.email_status) == ("", "")


def test_a_field_that_encrypts_is_written_by_the_orm():
    """In the form in which the project keeps it."""
    candidate = Candidate.objects.create(name="Ann Lee", phone="+15705551234")
    assert put_back(searched(candidate, value="+15705551234", before="+15705550000", kind="find_phone").pk)
    assert Candidate.objects.get().phone == "+15705550000"


def test_a_key_that_is_somebody_elses_by_now_is_left_alone(monkeypatch):
    """Who was made after the search never had the old value."""
    monkeypatch.setattr(type(registry.mapped(Candidate)), "created_at", "made_at")
    candidate = Candidate.objects.create(name="Ann Lee", email=BAD)
    search = searched(candidate, before=OLD)
    Candidate.objects.update(made_at=timezone.now())
    assert not put_back(search.pk)


def test_a_project_that_writes_itself_is_asked_and_believed_only_when_it_did(monkeypatch):
    """Its own write() gets the change; where the value stays, nothing is said to be done."""
    person = Person.objects.create(code="ann", name="Ann Lee")
    Address.objects.create(person=person, email=BAD)
    search = searched(person)
    with monkeypatch.context() as patched:
        patched.setattr(type(registry.mapped(Person)), "write", lambda _self, changes: [one.key for one in changes])
        with pytest.raises(NotPutBack, match="keeps the e-mail as it is"):
            put_back(search.pk)
    assert put_back(search.pk)
    assert not Address.objects.filter(is_main=True).exists()


def test_a_refusal_says_why_and_quotes_nobody(lead):
    """Another contact has the old address by now: nothing has changed."""
    contact = Contact.objects.create(given_name="Ann", work_email=BAD)
    Contact.objects.create(given_name="Bob", work_email=OLD)
    search = searched(contact, before=OLD)
    with pytest.raises(NotPutBack, match="Its table refuses it") as refused:
        put_back(search.pk)
    assert OLD not in str(refused.value)
    search.refresh_from_db()
    assert search.effect == "written"


def test_the_project_is_told(lead, django_capture_on_commit_callbacks):
    """As of each value that we write, after the commit."""
    told = []

    def listen(changes, **_named):
        told.extend((change.old, change.new) for change in changes)

    values_written.connect(listen, weak=False)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            put_back(searched(lead, before=OLD).pk)
    finally:
        values_written.disconnect(listen)
    assert told == [(BAD, OLD)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", ["", OLD])
def test_nothing_fills_it_again_unasked(sandbox, make_leads, before):
    """It counts as cleared, also where the old value stands; who buys again on purpose still can."""
    make_leads(1, email=before)
    everybody = Lead.objects.all()
    enrich(everybody, find={"email"}, overwrite=True)
    finish(sandbox)
    assert put_back(LeadSearch.objects.get().pk)
    assert Lead.objects.get().email == before
    for overwrite in (False, True):
        tally = enrich(everybody, find={"email"}, overwrite=overwrite).tally
        assert (tally.to_search.total(), tally.reused.total()) == (0, 0)
    assert Lead.objects.get().email == before
    assert enrich(everybody, find={"email"}, overwrite=True, force=True).tally.to_search.total() == 1


def test_the_newest_word_on_a_value(lead):
    """A verification counts, and so does that nothing was found; another value's search does not."""
    found = searched(lead)
    judged = searched(lead, value="", before=BAD, kind="verify_email")
    other = searched(lead, value="", outcome="not_found", kind="find_phone")
    email, phone = (
        next(facts for facts in undoing.KINDS.values() if facts.value == name) for name in ("email", "phone")
    )
    rows = undoing.written(lead.crm_id)
    assert [row.pk for row in rows] == [other.pk, judged.pk, found.pk]
    assert undoing.latest(email, BAD, rows) == judged
    assert undoing.latest(phone, "", rows) == other
    assert undoing.latest(email, "typed@firm.com", rows) is None
