"""One scenario for each thing that once went wrong with money or persons, alone and in the open."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from django.db import connection

from enrow_webhooks.client.values import Kind
from enrow_webhooks.connect import open_client
from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.addresses import callback_url, sign
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from tests.conftest import finish, payload
from tests.faults.money import world
from tests.faults.money.clock import Clock, stopped
from tests.faults.money.scene import SECRET
from tests.faults.money.workers import work_on_a_copy

ANN, BOB, CID, DAN, EVE, FOX, ZOE = world.PEOPLE
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def secret(enrow, sandbox):
    """The address of the dashboard; what other programs do is fetched by GET."""
    enrow(WEBHOOK_ORIGIN="http://crm.example.com", WEBHOOK_SECRETS=[SECRET])
    sandbox.configure(chaos="drop")


def lead(person, crm_id="lead-1", spelling=0, **fields):
    return Lead.objects.create(crm_id=crm_id, **world.inputs(person, spelling) | fields)


def find(*, kind="email", **options):
    return enrich(Lead.objects.order_by("pk"), find={kind}, **options)


def verify(**options):
    return enrich(Lead.objects.order_by("pk"), verify=True, **options)


def deliver(client, token, body):
    assert client.post(f"/webhooks/enrow/{token}/", body, content_type="application/json").status_code == 200
    processing.drain()


def search_elsewhere(client, sandbox, query, kind, token=SECRET):
    """Another program searches with our key, and its event arrives here."""
    with open_client() as enrow:
        enrow.launch(kind, [query], webhook=f"http://crm.example.com/webhooks/enrow/{token}/")
    assert sandbox.wait_until_idle()
    deliver(client, token, json.dumps(sandbox.deliveries[-1].body))


@pytest.mark.parametrize("how", ["edited", "given away"])
def test_a_value_reaches_only_the_lead_that_was_searched(sandbox, how):
    """The lead became somebody else while the search ran: the result is kept, and not written."""
    lead(ANN)
    find()
    submission.submit_next()
    if how == "given away":
        Lead.objects.all().delete()
        lead(ZOE)
    Lead.objects.update(**world.inputs(ZOE))
    finish(sandbox)
    assert Lead.objects.get().email == ""
    assert LeadSearch.objects.filter(outcome="found").exists()


def test_who_shares_a_purchase_is_looked_at_again_too(sandbox):
    """The second of two leads for one person became somebody else before the search was sent."""
    lead(ANN)
    lead(ANN, "lead-2")
    find()
    Lead.objects.filter(crm_id="lead-2").update(**world.inputs(ZOE))
    finish(sandbox)
    assert list(Lead.objects.order_by("pk").values_list("email", flat=True)) == [world.truth(ANN, "email"), ""]


@pytest.mark.parametrize("enrow_is", [{"profile": "resolver"}, {"facts": "custom_as_text"}], ids=str)
def test_an_enrow_that_resolves_the_inputs_is_not_paid_twice(sandbox, enrow_is):
    """The id of the search says whose result it is, whatever else comes back."""
    sandbox.configure(**enrow_is)
    lead(ANN)
    find()
    finish(sandbox)
    find()
    finish(sandbox)
    assert Lead.objects.get().email == world.truth(ANN, "email")
    assert SearchJob.objects.credits() == sandbox.ledger.spent == 1


def test_a_batch_that_cannot_be_fetched_yet_is_asked_for_again(sandbox):
    """GETs are free, and a 400 may be an outage."""
    sandbox.configure(chaos="drop,unknown-for-a-while", unknown_gets=1)
    lead(ANN)
    lead(ZOE, "lead-2")
    find()
    finish(sandbox)
    assert Lead.objects.filter(email_status="valid").count() == 2


def test_a_checked_date_says_when_enrow_was_asked(sandbox):
    """A result that is used again keeps its date."""
    clock = Clock()
    with stopped(clock):
        lead(ANN, email="ok@firm9.com")
        verify()
        finish(sandbox)
        before = Lead.objects.get().email_checked_at
        clock.at += dt.timedelta(days=20)
        verify(overwrite=True)
        finish(sandbox)
    assert sandbox.ledger.purchases.total() == 1
    assert Lead.objects.get().email_checked_at == before


def test_a_night_that_learns_nothing_writes_nothing(sandbox):
    """Who was not found lately is not searched, and no row says otherwise."""
    lead(BOB)
    for _ in range(3):
        find()
        finish(sandbox)
    assert (SearchJob.objects.count(), LeadSearch.objects.count()) == (1, 1)


def test_a_copied_database_does_not_send(sandbox):
    """Both sites have the queued job and the key; one of them buys."""
    lead(ANN)
    job = find().jobs().get()
    work_on_a_copy(job)
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 1


@pytest.mark.parametrize("whose", ["another database", "another person"])
def test_what_was_searched_elsewhere_for_others_is_not_written(client, sandbox, whose):
    """The crm_id alone proves nothing: it may be a staging copy's, or have been mistyped."""
    lead(ANN)
    is_copy = whose == "another database"
    person, token = (ANN, sign(str(uuid.uuid4()))) if is_copy else (ZOE, SECRET)
    search_elsewhere(client, sandbox, world.query(Kind.FIND_EMAIL, person, "lead-1"), Kind.FIND_EMAIL, token)
    assert Lead.objects.get().email == ""


def test_an_event_that_names_another_lead_ends_no_job(client, sandbox):
    """The URL and the id are right, the crm_id is not: what was paid for must still come."""
    lead(ANN)
    job = find().jobs().get()
    submission.submit_next()
    job.refresh_from_db()
    body = payload("webhooks/single_search_finished")
    text = json.dumps(body | {"id": job.enrow_id})
    token = callback_url(str(job.pk)).rstrip("/").rpartition("/")[2]
    deliver(client, token, text)
    finish(sandbox)
    assert Lead.objects.get().email == world.truth(ANN, "email")
    assert SearchJob.objects.credits() == sandbox.ledger.spent


def test_one_lead_that_the_table_refuses_leaves_the_others(sandbox):
    """The host's table takes no second lead with an address: the rest of the batch is written all the same."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX faults_one_address ON leads_lead (email) WHERE email <> ''")
    lead(ANN)
    lead(ZOE, "lead-2")
    find()
    submission.submit_next()
    lead(DAN, "lead-3", email=world.truth(ANN, "email"))
    finish(sandbox)
    assert Lead.objects.get(crm_id="lead-2").email == world.truth(ZOE, "email")


def test_a_refusal_that_names_no_row_costs_one_row(sandbox):
    """The batch is halved until the bad row stands alone."""
    sandbox.configure(facts="refusals_without_row")
    for number, person in enumerate([ANN, FOX, ZOE, DAN]):
        lead(person, f"lead-{number}")
    find()
    finish(sandbox)
    finish(sandbox)
    assert Lead.objects.filter(email_status="valid").count() == 3


@pytest.mark.parametrize("spelling", [3, 4])
def test_one_person_in_two_spellings_is_bought_once(sandbox, spelling):
    """Forms of Unicode, invisible characters and titles make nobody another person."""
    lead(ZOE)
    lead(ZOE, "lead-2", spelling)
    find()
    finish(sandbox)
    assert sandbox.ledger.purchases.total() == 1


def test_member_ids_that_differ_in_case_are_two_people(sandbox):
    """LinkedIn's own ids are not blind to case, as slugs are."""
    for number, slug in enumerate(["ACoAAABcDeFgHiJkLmNoPqRsTuVwXyZ0", "ACoAAABcDefGHiJkLmNoPqRsTuVwXyZ0"]):
        lead(ANN, f"lead-{number}", linkedin_url=f"https://www.linkedin.com/in/{slug}")
    find(kind="phone")
    submission.submit_next()
    assert [job.requested for job in sandbox.jobs] == [2]


def test_a_worthless_value_is_no_hit(sandbox):
    """Enrow says valid, and the address is none: it is kept with the reason, and not written."""
    lead(ANN, lastname="Worthless")
    find()
    finish(sandbox)
    assert Lead.objects.get().email == ""


def test_a_placeholder_is_no_value(sandbox):
    """Who has "n/a" as an address has none."""
    lead(ANN, email="n/a")
    assert find().tally.to_search.total() == 1


def test_nobody_is_searched_at_a_host_of_free_mail(sandbox):
    """No company has this domain."""
    lead(ANN, company_domain="gmail.com")
    assert find().tally.to_search.total() == 0


def test_what_a_person_erased_does_not_come_back(sandbox):
    """Until somebody forces it."""
    lead(ANN)
    find()
    finish(sandbox)
    Lead.objects.update(email="", email_status="")
    find()
    finish(sandbox)
    assert Lead.objects.get().email == ""


def test_an_invalid_address_that_was_verified_elsewhere_has_its_cost(client, sandbox):
    """A verification costs, whatever it says."""
    lead(ANN, email="bounce@firm9.com")
    query = world.query(Kind.VERIFY_EMAIL, ANN, "lead-1", "bounce@firm9.com")
    search_elsewhere(client, sandbox, query, Kind.VERIFY_EMAIL)
    assert SearchJob.objects.get().credits_cost == sandbox.ledger.spent
