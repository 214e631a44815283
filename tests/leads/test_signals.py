"""Where a host project hears of new values."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.enrichment import enrich
from leads.mapping import registry
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.results import applying, writeback
from leads.signals import values_written
from tests.conftest import finish
from tests.crm.models import Candidate, Company, Contact, Person
from tests.leads.answers import VIA, done, found, missed

pytestmark = pytest.mark.django_db(transaction=True)

# One statement; status and dates beside the table; a field that only the ORM can write; a table of its own.
WAYS = [Lead, Contact, Candidate, Person]
OUTPUT = {Lead: "email", Contact: "work_email", Candidate: "phone", Person: "email"}


@pytest.fixture
def heard():
    """What a receiver of the project was told, one item per call."""
    calls = []

    def listen(sender, job_id, changes, **named):
        calls.append((sender, job_id, changes))

    values_written.connect(listen)
    yield calls
    values_written.disconnect(listen)


def make(model, count=3):
    if model is Lead:
        return [
            Lead.objects.create(crm_id=f"l-{n}", firstname=f"Ann{n}", lastname="Somebody", company_domain="firm.com")
            for n in range(count)
        ]
    if model is Contact:
        firm = Company.objects.create(title="Firm", website="firm.com")
        return [
            Contact.objects.create(given_name=f"Ann{n}", family_name="Somebody", employer=firm) for n in range(count)
        ]
    if model is Candidate:
        return [Candidate.objects.create(name=f"Ann{n} Somebody", company="Firm") for n in range(count)]
    return [Person.objects.create(code=f"p-{n}", name=f"Ann{n} Somebody", domain="firm.com") for n in range(count)]


def launch(model, sandbox, **asked):
    """Let Enrow search all rows; return the job."""
    sandbox.configure(delay=1000)
    find = "phone" if model is Candidate else "email"
    job = enrich(model.objects.all(), find={find}, **asked).jobs().get()
    assert submission.submit(job.pk)
    return job


def answer(model, *values):
    """What Enrow answers: a value for each row in order, None where nothing was found."""
    mapping = registry.of(model)
    keys = mapping.rows().order_by(mapping.crm_id_field).values_list(mapping.crm_id_field, flat=True)
    crm_ids = [mapping.crm_id(key) for key in keys]
    return done(*(found(name, value) if value else missed(name) for name, value in zip(crm_ids, values, strict=True)))


def told(changes):
    return sorted((change.crm_id, change.field, change.old, change.new) for change in changes)


def values(model):
    return ("+33611111111", "+33622222222") if model is Candidate else ("1@firm.com", "2@firm.com")


@pytest.mark.parametrize("model", WAYS)
def test_the_project_hears_once_per_batch_what_was_blank_and_what_is_there_now(sandbox, heard, model):
    """Model, key, crm_id, our word for the field, and both values; not of whom nothing was found for."""
    make(model)
    job = launch(model, sandbox)
    one, two = values(model)
    applying.apply(job.pk, answer(model, one, two, None), via=VIA)
    ((sender, job_id, changes),) = heard
    assert (sender, job_id) == (model, job.pk)
    mapping = registry.of(model)
    keys = sorted(mapping.rows().values_list(mapping.crm_id_field, flat=True))[:2]
    assert {change.model for change in changes} == {model}
    assert sorted(change.key for change in changes) == keys
    field = "phone" if model is Candidate else "email"
    assert told(changes) == [
        (mapping.crm_id(key), field, "", value) for key, value in zip(keys, (one, two), strict=True)
    ]


@pytest.mark.parametrize("model", [Lead, Contact, Candidate])
def test_the_old_value_is_told_and_the_same_one_is_no_change(sandbox, heard, model):
    """Searched anew: the first has another value now, the second the same."""
    make(model, 2)
    one, two = values(model)
    for row, value in zip(
        model.objects.order_by("pk"), ("0@firm.com" if "@" in one else "+33600000000", two), strict=True
    ):
        setattr(row, OUTPUT[model], value)
        row.save()
    job = launch(model, sandbox, overwrite=True)
    applying.apply(job.pk, answer(model, one, two), via=VIA)
    (change,) = heard[0][2]
    assert (change.old, change.new) == ("0@firm.com" if "@" in one else "+33600000000", one)


@pytest.mark.parametrize("model", WAYS)
def test_what_is_rolled_back_is_not_told(sandbox, heard, model):
    """A transaction of the caller; before its commit nothing is said either."""
    make(model, 1)
    job = launch(model, sandbox)
    came = answer(model, values(model)[0])
    with transaction.atomic():
        applying.apply(job.pk, came, via=VIA)
        transaction.set_rollback(True)
    assert heard == []
    with transaction.atomic():
        applying.apply(job.pk, came, via=VIA)
        assert heard == []
    assert len(heard) == 1


@pytest.mark.parametrize("model", WAYS)
def test_what_changes_nothing_is_not_told(sandbox, heard, model):
    """A repeated event, a second look, a miss, a lead that changed meanwhile."""
    make(model, 1)
    job = launch(model, sandbox)
    came = answer(model, values(model)[0])
    applying.apply(job.pk, came, via=VIA)
    heard.clear()
    applying.apply(job.pk, came, via=VIA)
    writeback.write(job.pk)
    assert heard == []


def test_a_result_that_the_table_refused_is_not_told(one_email, heard):
    """The others of its batch are, once; the refused one when it is written."""
    lead = one_email()
    assert [told(changes) for _, _, changes in heard] == [
        [("lead-0", "email", "", Lead.objects.get(crm_id="lead-0").email), ("lead-2", "email", "", mail("lead-2"))]
    ]
    heard.clear()
    Lead.objects.filter(crm_id="taken-0").update(email="")
    job = SearchJob.objects.get(refused=1)
    writeback.write(job.pk, is_asked=True)
    assert [told(changes) for _, _, changes in heard] == [[(lead.crm_id, "email", "", mail("lead-1"))]]


@pytest.mark.postgres
def test_a_result_that_the_table_refuses_at_the_commit_is_not_told(sandbox, heard):
    """A deferred constraint: the row was written first, and taken back."""
    make(Lead, 3)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$;"
            "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON leads_lead DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (NEW.crm_id = 'l-1') EXECUTE FUNCTION late()"
        )
    try:
        job = launch(Lead, sandbox)
        applying.apply(job.pk, answer(Lead, "0@firm.com", "1@firm.com", "2@firm.com"), via=VIA)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION late() CASCADE")
    assert [[crm_id for crm_id, *_ in told(changes)] for _, _, changes in heard] == [["l-0", "l-2"]]
    assert LeadSearch.objects.get(effect="refused").crm_id == "l-1"


def mail(crm_id):
    return Lead.objects.get(crm_id=crm_id).email


def test_several_models_in_one_batch_are_told_apart(sandbox, heard):
    """One person in two tables is bought once; each model's receiver hears of its own rows."""
    only = []

    def listen(changes, **named):
        only.append(changes)

    contact, person = make(Contact, 1)[0], make(Person, 1)[0]
    values_written.connect(listen, sender=Person)
    try:
        enrich(Contact.objects.all(), find={"email"})
        enrich(Person.objects.all(), find={"email"})
        finish(sandbox)
    finally:
        values_written.disconnect(listen, sender=Person)
    assert [(sender, [change.key for change in changes]) for sender, _, changes in heard] == [
        (Contact, [contact.pk]),
        (Person, [person.code]),
    ]
    assert [[change.key for change in changes] for changes in only] == [[person.code]]


@pytest.mark.parametrize("model", WAYS)
def test_nobody_who_listens_costs_no_query(sandbox, model):
    """With a receiver the statement's way reads the old values first; every other way has them anyway."""
    costs = []
    for listens in (False, True):
        SearchJob.objects.all().delete()
        registry.of(model).rows().delete()
        make(model, 2)
        job = launch(model, sandbox)
        came = answer(model, *values(model))

        def receiver(**named):
            """Do nothing."""

        if listens:
            values_written.connect(receiver)
        with CaptureQueriesContext(connection) as queries:
            applying.apply(job.pk, came, via=VIA)
        values_written.disconnect(receiver)
        costs.append([query["sql"] for query in queries])
    reads = [sum(sql.startswith("SELECT") and "leads_lead" in sql and "firstname" in sql for sql in c) for c in costs]
    assert reads == ([0, 1] if model is Lead else [0, 0])
    if model is not Lead:
        assert len(costs[0]) == len(costs[1])
    assert set(LeadSearch.objects.values_list("effect", flat=True)) == {"written"}


def test_no_value_is_shown_and_none_is_logged_when_a_receiver_fails(sandbox, heard, caplog):
    """Not even of a change that stands in the frame; the other receivers are called."""

    def fail(changes, **named):
        raise ValueError(f"{changes[0].new} {changes!r}")

    make(Lead, 1)
    values_written.connect(fail)
    try:
        job = launch(Lead, sandbox)
        applying.apply(job.pk, answer(Lead, "1@firm.com"), via=VIA)
    finally:
        values_written.disconnect(fail)
    assert Lead.objects.get().email == "1@firm.com"
    assert repr(heard[0][2]) == "[<Change email of leads.Lead>]"
    assert "A receiver of values_written failed: ValueError" in caplog.text
    assert "1@firm.com" not in caplog.text
