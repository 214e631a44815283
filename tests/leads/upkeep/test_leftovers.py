"""What is known of leads that are gone is deleted, piece by piece and by index."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.models import Heartbeat
from leads import reading
from leads.enrichment import enrich
from leads.kinds import VALUES, Candidate
from leads.mapping import registry
from leads.models import LeadEnrichment
from leads.upkeep import leftovers
from leads.upkeep.sweep import sweep, sweep_in_turn
from tests.conftest import finish
from tests.crm.models import Contact, Member, Person
from tests.leads.problems import ago

pytestmark = pytest.mark.django_db(transaction=True)


def known(model, *keys):
    """What is known of leads with these keys, whether they are there or not."""
    rows = [LeadEnrichment(model=model._meta.label_lower, key=str(key), email_status="valid") for key in keys]
    return LeadEnrichment.objects.bulk_create(rows)


def left():
    return set(LeadEnrichment.objects.values_list("model", "key"))


def an_hour_later():
    Heartbeat.objects.filter(name=leftovers.LEFTOVERS).update(at=ago(hours=1, seconds=1))


@pytest.mark.parametrize("act", [sweep, lambda: sweep_in_turn(seconds=1)])
def test_the_sweep_deletes_what_is_known_of_leads_that_are_gone(sandbox, act):
    """Of every mapped model, by any key; a hidden row is there; a model that nobody maps any more is left alone."""
    contact = Contact.objects.create(given_name="Ann")
    person = Person.objects.create(code="ann", name="Ann")
    member = Member.objects.create(name="Ann", is_hidden=True)
    known(Contact, contact.pk, 999_999, f"0{contact.pk}", "no number")
    known(Person, person.code, "bob")
    known(Member, member.pk)
    LeadEnrichment.objects.create(model="crm.gone", key="1")
    act()
    assert left() == {
        ("crm.contact", str(contact.pk)),
        ("crm.person", "ann"),
        ("crm.member", str(member.pk)),
        ("crm.gone", "1"),
    }


def test_only_so_many_are_looked_at_in_an_hour_and_all_in_the_end(monkeypatch):
    """It goes on where it stopped, and begins anew at the end."""
    monkeypatch.setattr(leftovers, "_MOST", 4)
    monkeypatch.setattr(leftovers, "_AT_ONCE", 3)
    there = [Contact.objects.create(given_name="Ann").pk for _ in range(4)]
    known(Contact, *there, *range(10**6, 10**6 + 5))
    assert leftovers.delete_in_turn() == 0
    assert leftovers.delete_in_turn() == 0
    assert Heartbeat.objects.get(name=leftovers.LEFTOVERS).next_place
    gone = []
    for _ in range(3):
        an_hour_later()
        gone.append(leftovers.delete_in_turn())
    assert gone == [4, 1, 0]
    assert left() == {("crm.contact", str(pk)) for pk in there}
    assert Heartbeat.objects.get(name=leftovers.LEFTOVERS).next_place
    Contact.objects.filter(pk=there[0]).delete()
    for _ in range(2):
        an_hour_later()
        leftovers.delete_in_turn()
    assert left() == {("crm.contact", str(pk)) for pk in there[1:]}


def test_a_lead_that_comes_back_meanwhile_keeps_what_is_known_of_it(monkeypatch):
    """It is looked for once more, when its row is locked."""
    known(Contact, 77)
    look_up = leftovers._look_up

    def late(mapping, keys):
        found = look_up(mapping, keys)
        Contact.objects.get_or_create(pk=77)
        return found

    monkeypatch.setattr(leftovers, "_look_up", late)
    assert leftovers.delete_in_turn() == 0
    assert left() == {("crm.contact", "77")}


def test_a_project_whose_database_fails_keeps_nothing_from_its_turn(monkeypatch, caplog, sandbox):
    """It is logged without what the database says."""

    quoted = "ann@firm" + ".com"

    def fail(mapping, keys):
        raise DatabaseError(quoted)

    known(Contact, 77)
    monkeypatch.setattr(leftovers, "_look_up", fail)
    sweep()
    assert "which leads are gone" in caplog.text
    assert quoted not in caplog.text
    assert left() == {("crm.contact", "77")}


def test_it_costs_a_constant_number_of_queries(monkeypatch):
    """However many are looked at."""

    def cost(count):
        Heartbeat.objects.all().delete()
        LeadEnrichment.objects.all().delete()
        known(Contact, *range(10**6, 10**6 + count))
        with CaptureQueriesContext(connection) as queries:
            assert leftovers.delete_in_turn() == count
        return len(queries)

    assert cost(2) == cost(200)


@pytest.mark.postgres
def test_the_projects_table_is_read_by_its_key():
    """Also while PostgreSQL would rather read a small table whole."""
    Contact.objects.bulk_create(Contact(given_name=f"Ann{n}") for n in range(300))
    known(Contact, *Contact.objects.values_list("pk", flat=True), 10**6)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_contact")
    with CaptureQueriesContext(connection) as queries:
        assert leftovers.delete_in_turn() == 1
    selects = [query["sql"] for query in queries if 'FROM "crm_contact"' in query["sql"]]
    assert len(selects) == 2
    for select in selects:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            cursor.execute(f"EXPLAIN (FORMAT JSON) {select}")
            plan = json.dumps(cursor.fetchone()[0])
            cursor.execute("RESET enable_seqscan")
        assert "Seq Scan" not in plan
        assert "crm_contact_pkey" in plan
    assert sum("enable_seqscan" in query["sql"] for query in queries) == 2


def test_a_key_that_is_used_again_takes_no_status_over(sandbox):
    """A stranger gets the key before the sweep comes: nothing is known of them, and they are searched."""
    contact = Contact.objects.create(given_name="Ann", family_name="Somebody", work_email="ann@firm.com")
    enrich(Contact.objects.all(), verify=True)
    finish(sandbox)
    assert LeadEnrichment.objects.get().email_status
    pk = contact.pk
    contact.delete()
    Contact.objects.create(pk=pk, given_name="Eve", work_email="eve@firm.com")
    leftovers.delete_in_turn()
    state = LeadEnrichment.objects.get()
    row = next(iter(reading.candidates([("crm.contact", f"contact-{pk}")]).values()))
    assert isinstance(row, Candidate)
    assert {reading.status(state, facts, row) for facts in VALUES} == {""}
    assert enrich(registry.of(Contact).rows(), verify=True).tally.counts().searched == 1
