"""The CRM's tests in pytest."""

import pytest

from crm.models import Contact
from leads.enrichment import enrich
from leads.models import SearchJob

ANN = {"name": "Ann Lee", "company": "acme.com"}


@pytest.fixture
def ann(db):
    return Contact.objects.create(**ANN)


def address():
    return Contact.objects.get().email


def test_a_new_contact_gets_an_address(client, enrow):
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    assert client.post("/add/", ANN, secure=True).status_code == 200
    enrow.run_all()
    assert address() == "ann@acme.com"
    assert (len(enrow.bought), enrow.spent) == (1, 1)
    assert SearchJob.objects.get().result_via == "webhook"


def test_a_new_contact_of_whom_nothing_is_known(client, enrow):
    client.post("/add/", ANN, secure=True)
    enrow.run_all()
    assert (address(), enrow.spent) == (None, 0)


@pytest.mark.django_db(transaction=True)
def test_with_real_commits(client, enrow):
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    client.post("/add/", ANN, secure=True)
    enrow.run_all()
    assert address() == "ann@acme.com"


@pytest.mark.parametrize("number", range(12))
def test_many_at_once_in_several_processes(ann, enrow, number):
    enrow.knows("Ann Lee", "acme.com", email=f"ann{number}@acme.com")
    enrich(Contact.objects.all(), find={"email"})
    enrow.run_all()
    assert address() == f"ann{number}@acme.com"
    assert len(enrow.bought) == 1


@pytest.mark.enrow(facts="find_price=2", chaos="duplicate,drop=0.5", credits=10)
def test_events_that_come_twice_or_never(ann, enrow):
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrich(Contact.objects.all(), find={"email"})
    enrow.run_all()
    assert (address(), enrow.balance) == ("ann@acme.com", 8)


def test_no_credits(ann, enrow):
    enrow.balance = 0
    assert enrich(Contact.objects.all(), find={"email"}).tally.worst_case == 0
    enrow.run_all()
    assert enrow.bought == []


def test_a_bad_day(ann, enrow):
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrow.is_down()
    enrich(Contact.objects.all(), find={"email"})
    enrow.run_all()
    assert address() is None
    enrow.is_well()
    enrow.run_all()
    assert address() == "ann@acme.com"


def test_a_search_from_elsewhere(ann, enrow):
    enrow.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrow.event("single_search_finished", crm_id=f"contact-{ann.pk}", fullname="Ann Lee", company_domain="acme.com")
    enrow.run_all()
    assert address() == "ann@acme.com"


def test_over_http(ann, enrow_server, live_server):
    enrow_server.knows("Ann Lee", "acme.com", email="ann@acme.com")
    enrich(Contact.objects.all(), find={"email"})
    enrow_server.run_all()
    assert address() == "ann@acme.com"


@pytest.mark.xfail(reason="it would meet the real Enrow", raises=BaseException, strict=True)
def test_that_forgot_the_fixture(ann):
    enrich(Contact.objects.all(), find={"email"})
