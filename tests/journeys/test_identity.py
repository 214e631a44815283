"""Whose result is it? Events that name a lead nearly, wrongly, or one who is gone, over the whole way into the rows.

Such a name reaches nobody else, and no event is tried for ever because of it.
"""

from __future__ import annotations

import json

import pytest

from enrow_webhooks import tasks
from enrow_webhooks.client.inputs import clean_text
from enrow_webhooks.inbox import addresses
from enrow_webhooks.models import WebhookEvent
from leads import reading
from leads.enrichment import enrich
from leads.mapping import registry
from leads.models import Lead, LeadEnrichment, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import aside
from tests.conftest import finish, payload
from tests.crm.models import Address, Company, Contact, Person
from tests.leads.elsewhere import launch_elsewhere
from tests.leads.events import SECRET, single
from tests.leads.problems import ago

pytestmark = pytest.mark.django_db

# Each is nearly the name of contact 17.
NEARLY = [
    "contact-017",
    "contact-１７",
    "contact-1_7",
    "contact-+17",
    "contact- 17",
    "contact-17.0",
    "contact-1e1",
    "contact-0x11",
    "contact-٣",
    "contact-17\u200b",
    "contact-17 ",
    " contact-17",
    "contact-17\n",
    "contact-17\x00",
    "contact-\u200d17",
    "contact-17\ud800",
    "CONTACT-17",
    "Contact-17",
    "contact-contact-17",
    "contact--17",
    "contact-",
    "contact",
    "contact-17-",
    "contacts-17",
    "contact_17",
    "17",
    "",
    "contact-99999999999999999999",
    f"contact-{'9' * 120}",
    f"contact-{'9' * 5000}",
    f"contact-{'0' * 200}17",
    "contact-None",
    "contact-true",
    "candidate-17",
    "person-17",
    '{"crm_id": "contact-017"}',
]


# These come back as the right name, in one line: among the searches of its own job that is what they mean.
IN_ONE_LINE = [name for name in NEARLY if clean_text(name) == "contact-17"]
OTHERS = [name for name in NEARLY if name not in IN_ONE_LINE]


@pytest.fixture
def contact():
    """Contact 17, whom everybody means nearly, and the same person in rows with other keys, and in other tables."""
    firm = Company.objects.create(title="Firm", website="firm.com")
    for pk in (1, 3, 10, 17):
        Contact.objects.create(pk=pk, given_name="Ann", family_name="Somebody", employer=firm)
    for code in ("170", "contact-17", "CONTACT-17"):
        Person.objects.create(code=code, name="Ann Somebody", domain="firm.com")
    return Contact.objects.get(pk=17)


@pytest.fixture
def deliver(client, enrow):
    """Deliver an event, and let the task work; return the event, which has come to an end."""
    enrow(WEBHOOK_SECRETS=[SECRET])

    def send(body, token=SECRET):
        # With escapes: a lone surrogate has no other form in JSON.
        answer = client.post(f"/webhooks/enrow/{token}/", data=json.dumps(body), content_type="application/json")
        assert answer.status_code == 200
        return processed()

    return send


def processed():
    """Process what came; return the latest event, which has come to an end."""
    tasks.process_events()
    event = WebhookEvent.objects.latest("pk")
    assert event.state in {"processed", "ignored"}, event.last_error
    return event


def bulk(enrow_id):
    return payload("webhooks/bulk_search_finished") | {"id": enrow_id}


def enriched():
    """Return the crm_ids of everybody who has a value."""
    contacts = Contact.objects.exclude(work_email=None, mobile="")
    return {
        *(f"contact-{contact.pk}" for contact in contacts),
        *(f"person-{address.person.code}" for address in Address.objects.all()),
        *Lead.objects.exclude(email="", phone="").values_list("crm_id", flat=True),
    }


# Searches that were launched elsewhere. Whom they searched is the very person.


@pytest.mark.parametrize("custom", [{"crm_id": "contact-17"}, "contact-17", '{"crm_id": "contact-17"}'])
def test_a_search_from_elsewhere_reaches_whom_it_names(sandbox, contact, deliver, custom):
    """What the other tests take care of would otherwise be true of nobody."""
    body = {"fullname": "Ann Somebody", "company_domain": "firm.com", "custom": custom}
    deliver(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    assert enriched() == {"contact-17"}


@pytest.mark.parametrize("custom", NEARLY, ids=ascii)
def test_a_search_from_elsewhere_reaches_nobody_by_a_name_that_is_nearly_right(sandbox, contact, deliver, custom):
    """Single searches: an object on the one endpoint, a bare text on the other."""
    body = {"fullname": "Ann Somebody", "company_domain": "firm.com", "custom": {"crm_id": custom}}
    deliver(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    body = {"firstname": "Ann", "lastname": "Somebody", "company_domain": "firm.com", "custom": custom}
    enrow_id = launch_elsewhere(sandbox, "/phone/single", body)
    deliver(payload("webhooks/single_phone_search_finished") | {"id": enrow_id})
    assert enriched() == set()
    assert not SearchJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_a_batch_from_elsewhere_only_exact_names_are_written(sandbox, contact, live_server, enrow):
    """All spellings in one batch, and one that is right. Enrow itself brings the event, over HTTP."""
    enrow(WEBHOOK_SECRETS=[SECRET])
    person = {"fullname": "Ann Somebody", "company_domain": "firm.com"}
    rows = [person | {"custom": custom} for custom in (*NEARLY, "contact-17", *reversed(NEARLY))]
    settings = {"webhook": f"{live_server.url}/webhooks/enrow/{SECRET}/"}
    launch_elsewhere(sandbox, "/email/find/bulk", {"searches": rows, "settings": settings})
    assert sandbox.wait_until_idle(timeout=10)
    processed()
    assert enriched() == {"contact-17"}
    assert SearchJob.objects.get().requested == 1


@pytest.mark.parametrize("custom", NEARLY, ids=ascii)
def test_a_search_from_elsewhere_is_taken_for_ours_by_no_name_that_is_nearly_right(sandbox, contact, deliver, custom):
    """The answer to our own POST was lost, and nothing comes on its URL any more; this one is about somebody else."""
    job = enrich(Contact.objects.filter(pk=17), find={"email"}).jobs().get()
    SearchJob.objects.update(state="unconfirmed", sent_at=ago(minutes=31))
    body = {"fullname": "Bob Somebody", "company_domain": "other.com", "custom": {"crm_id": custom}}
    deliver(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    job.refresh_from_db()
    assert (job.state, enriched()) == ("unconfirmed", set())


# Events and answers of our own searches.


def ours(sandbox, leads, custom, place=0):
    """Send a search of these leads; let Enrow repeat one row's ``custom`` as another. Return the job and Enrow's id."""
    job = enrich(leads, find={"email"}).jobs().get()
    assert submission.submit(job.pk)
    [search] = sandbox.jobs
    asked = json.loads(search.raw)
    row = asked["searches"][place] if "searches" in asked else asked
    assert row["custom"]
    row["custom"] = custom
    object.__setattr__(search, "raw", json.dumps(asked).encode())
    sandbox.finish_all()
    return job, search.id


@pytest.mark.parametrize("custom", OTHERS, ids=ascii)
def test_an_event_of_ours_that_names_another_lead_reaches_nobody_else(sandbox, contact, deliver, custom):
    """On the signed URL of contact 17's own search, whose GET says the same."""
    job, enrow_id = ours(sandbox, Contact.objects.filter(pk=17), {"crm_id": custom})
    event = single(enrow_id, custom={"crm_id": custom}, email="ann.somebody@firm.com", qualification="valid")
    deliver(event, addresses.sign(str(job.pk)))
    finish(sandbox)
    assert enriched() <= {"contact-17"}
    job.refresh_from_db()
    assert job.state == "finished"
    assert SearchJob.objects.credits() == sandbox.ledger.spent


@pytest.mark.parametrize("custom", IN_ONE_LINE, ids=ascii)
def test_an_event_of_ours_may_come_back_in_one_line(sandbox, contact, deliver, custom):
    """Its URL proves whose it is."""
    job, enrow_id = ours(sandbox, Contact.objects.filter(pk=17), {"crm_id": custom})
    event = single(enrow_id, custom={"crm_id": custom}, email="ann.somebody@firm.com", qualification="valid")
    deliver(event, addresses.sign(str(job.pk)))
    assert enriched() == {"contact-17"}


@pytest.mark.parametrize("custom", [*NEARLY, "contact-3", "person-17"], ids=ascii)
def test_a_batch_of_ours_with_a_wrong_name_in_it_gives_each_lead_its_own(sandbox, contact, deliver, custom):
    """Place and echo say whose the row is; whom it names gets nothing of it, be it in the batch or not."""
    Contact.objects.filter(pk=3).update(given_name="Eve")
    job, enrow_id = ours(sandbox, Contact.objects.filter(pk__in=[3, 17]), custom, place=1)
    deliver(bulk(enrow_id), addresses.sign(str(job.pk)))
    finish(sandbox)
    assert enriched() == {"contact-3", "contact-17"}
    emails = dict(Contact.objects.filter(pk__in=[3, 17]).values_list("pk", "work_email"))
    assert emails == {3: "eve.somebody@firm.com", 17: "ann.somebody@firm.com"}


# Keys that are gone, and come again.


@pytest.mark.parametrize("come", ["while it runs", "before it is sent", "from elsewhere"])
def test_who_gets_a_key_gets_nothing_of_whom_had_it_before(sandbox, contact, deliver, come):
    """A row was deleted, and another person's has its key."""
    job = enrich(Contact.objects.filter(pk=17), find={"email"}).jobs().get()
    if come == "while it runs":
        assert submission.submit(job.pk)
    firm = contact.employer
    contact.delete()
    Contact.objects.create(pk=17, given_name="Bob", family_name="Somebody", employer=firm)
    finish(sandbox)
    if come == "from elsewhere":
        body = {"fullname": "Ann Somebody", "company_domain": "firm.com", "custom": {"crm_id": "contact-17"}}
        deliver(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    assert enriched() == set()
    assert not LeadSearch.objects.filter(effect="written").exists()
    enrich(Contact.objects.filter(pk=17), find={"email"})
    finish(sandbox)
    assert Contact.objects.get(pk=17).work_email == "bob.somebody@firm.com"


@pytest.mark.parametrize("word", ["Somebody", "Nobody"])
def test_what_was_known_of_whom_had_a_key_before_is_not_known_of_the_next(sandbox, contact, word):
    """Whether an address was found or not: it is asked for anew, and only what was bought is used again."""
    Contact.objects.filter(pk=17).update(family_name=word)
    enrich(Contact.objects.filter(pk=17), find={"email"}, verify=True)
    finish(sandbox)
    assert LeadEnrichment.objects.get().email_status == ("valid" if word == "Somebody" else "not_found")
    Contact.objects.filter(pk=17).delete()
    Contact.objects.create(pk=17, given_name="Bob", family_name="Somebody", employer=contact.employer)
    [lead] = reading.candidates([("crm.contact", "contact-17")]).values()
    assert reading.known(registry.of(Contact), [lead]) == {"contact-17": ""}
    assert enrich(Contact.objects.filter(pk=17), find={"email"}).tally.counts().searched == 1


def test_who_comes_again_under_an_old_name_gets_what_was_bought_for_them(sandbox, make_leads):
    """A lead that cleared its address is left alone; one that was made since the purchase never had it."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})
    finish(sandbox)
    Lead.objects.update(email="")
    assert enrich(Lead.objects.all(), find={"email"}).tally.counts().reused == 0
    Lead.objects.all().delete()
    make_leads(1)
    assert enrich(Lead.objects.all(), find={"email"}).tally.counts().reused == 1
    finish(sandbox)
    assert Lead.objects.get().email == "ann0.somebody@firm0.com"
    assert sandbox.ledger.spent == 1


# Prefixes, blanks, and collations.


@pytest.mark.parametrize(
    ("custom", "reached"),
    [
        ("contact-17", Contact),
        ("contacts-170", Person),
        ("contacts-contact-17", Person),
        ("contact-s-17", None),
        ("contacts-17", None),
        ("contacts", Lead),
        ("contact_17", Lead),
        ("Contact-17", Lead),
        ("17", Lead),
    ],
)
def test_prefixes_that_are_alike_are_told_apart(sandbox, contact, deliver, monkeypatch, custom, reached):
    """One is nearly another; and leads without a prefix are called like those with one."""
    monkeypatch.setattr(registry.of(Person), "crm_id_prefix", "contacts-")
    for crm_id in ("contact-17", "contact_17", "Contact-17", "contacts-17", "contacts-170", "17", "contacts"):
        Lead.objects.create(crm_id=crm_id, fullname="Ann Somebody", company_domain="firm.com")
    body = {"fullname": "Ann Somebody", "company_domain": "firm.com", "custom": {"crm_id": custom}}
    deliver(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    written = [
        *((Contact, f"contact-{row.pk}") for row in Contact.objects.exclude(work_email=None)),
        *((Person, f"contacts-{address.person.code}") for address in Address.objects.all()),
        *((Lead, lead.crm_id) for lead in Lead.objects.exclude(email="")),
    ]
    assert written == ([(reached, custom)] if reached else [])


def test_a_blank_key_is_nobodys_name(sandbox, contact, deliver):
    """Such a row is skipped with the reason, and no event reaches it."""
    Person.objects.create(code="", name="Ann Somebody", domain="firm.com")
    tally = enrich(Person.objects.filter(code=""), find={"email"}).tally
    [skip] = tally.examples
    assert (skip.crm_id, skip.reason, "key is blank" in skip.sentence) == ("person-", "bad_input", True)
    body = {"fullname": "Ann Somebody", "company_domain": "firm.com", "custom": {"crm_id": "person-"}}
    deliver(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    assert enriched() == set()


def test_a_collation_that_takes_two_names_for_one_ends_in_no_error(sandbox, contact, deliver, monkeypatch):
    """The database finds a row by a name that is none of it: nothing is written, nothing is given, nothing fails."""
    Person.objects.create(code="ann", name="Ann Somebody", domain="firm.com")

    def blind(self, keys):
        return self.rows().filter(code__in=[key.lower() for key in keys])

    monkeypatch.setattr(type(registry.of(Person)), "by_keys", blind)
    body = {"fullname": "Ann Somebody", "company_domain": "firm.com", "custom": {"crm_id": "person-ANN"}}
    event = deliver(single(launch_elsewhere(sandbox, "/email/find/single", body)))
    assert (event.state, enriched()) == ("ignored", set())
    assert aside.lead_named("person-ANN") is None
    assert aside.lead_named("person-ann") is registry.of(Person)
