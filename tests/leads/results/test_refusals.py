"""A lead that the host's table refuses is marked; all others are written at once, and nothing is lost."""

from __future__ import annotations

import contextlib
import math

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying, refusals, updating, waiting, writeback
from tests.leads.answers import VIA, done, effects, found

pytestmark = pytest.mark.django_db

IS_POSTGRES = connection.vendor == "postgresql"
BAD = "bad@firm.com"


def run_sql(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _trigger(when):
    if not IS_POSTGRES:
        return [f"CREATE TRIGGER no BEFORE UPDATE ON leads_lead WHEN {when} BEGIN SELECT RAISE(ABORT, 'said'); END"]
    return [
        "CREATE FUNCTION no() RETURNS trigger AS 'BEGIN RAISE ''said %'', NEW.email; END' LANGUAGE plpgsql",
        f"CREATE TRIGGER no BEFORE UPDATE ON leads_lead FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION no()",
    ]


_IS_BAD = f"NEW.email = '{BAD}'"
_UNIQUE = ["CREATE UNIQUE INDEX one_email ON leads_lead (email) WHERE email <> ''"]
_ONE = "ADD CONSTRAINT one_email EXCLUDE USING btree (email WITH =) WHERE (email <> '') DEFERRABLE INITIALLY DEFERRED"
_DEFERRED = [f"ALTER TABLE leads_lead {_ONE}"]
# Each refuses a lead that gets the bad address, while ``taken`` has it already.
HOSTS = {
    "unique": _UNIQUE,
    "trigger": _trigger(_IS_BAD),
    **(
        {
            "check": [f"ALTER TABLE leads_lead ADD CONSTRAINT no_bad CHECK (crm_id = 'taken-0' OR email <> '{BAD}')"],
            "too short": ["ALTER TABLE leads_lead ALTER COLUMN email TYPE varchar(11)"],
        }
        if IS_POSTGRES
        else {}
    ),
}


@pytest.fixture(params=HOSTS)
def host(request, make_leads):
    """Let the table of leads refuse ``BAD`` for all but one lead."""
    make_leads(1, prefix="taken", email=BAD[:11] if request.param == "too short" else BAD, company_domain="t.com")
    run_sql(*HOSTS[request.param])
    return request.param


@pytest.fixture
def unique(make_leads):
    """The same with a unique address; return what a lead has that cannot be written."""
    make_leads(1, prefix="taken", email=BAD, company_domain="t.com")
    run_sql(*_UNIQUE)


@pytest.fixture
def job_of(make_leads):
    """Make a running job of so many leads."""

    def make(count, prefix="lead"):
        make_leads(count, prefix=prefix, company_domain=f"{prefix}.com")
        job = enrich(Lead.objects.filter(crm_id__startswith=f"{prefix}-"), find={"email"}).jobs().get()
        SearchJob.objects.filter(pk=job.pk).update(state="running", enrow_id=f"enrow-{prefix}")
        return job

    return make


def answer(count, *bad, prefix="lead"):
    """Everybody is found under an address of their own, but for the bad ones."""
    return done(*(found(f"{prefix}-{n}", BAD if n in bad else f"{n}@f.com") for n in range(count)))


@pytest.mark.parametrize("bad", [(7,), (0, 19), (3, 4, 5)])
def test_all_but_the_refused_are_written(host, job_of, bad):
    """Of 20 leads that are paid for, one collides, or some: the others are written in the same application."""
    job = job_of(20)
    assert applying.apply(job.pk, answer(20, *bad), via=VIA)
    names = {f"lead-{number}" for number in bad}
    assert effects(job) == {f"lead-{n}": "refused" if n in bad else "written" for n in range(20)}
    written = Lead.objects.filter(crm_id__startswith="lead", email_status="valid").values_list("crm_id", flat=True)
    assert set(written) == set(effects(job)) - names
    job.refresh_from_db()
    assert (job.state, job.refused, job.found, job.credits_cost) == ("finished", len(bad), 20, 20)
    assert job.written_at is not None
    assert f"{len(bad)} of 20 leads" in job.last_error
    assert all(name in job.last_error for name in names)


def test_the_reason_names_lead_and_constraint_and_nothing_of_the_row(host, job_of):
    """Databases quote the row that they refuse, and a trigger says what it likes."""
    job = job_of(4)
    applying.apply(job.pk, answer(4, 2), via=VIA)
    job.refresh_from_db()
    error = LeadSearch.objects.get(crm_id="lead-2", job=job).error
    assert error.startswith("Refused by the leads' table: lead-2: ")
    assert error.removeprefix("Refused by the leads' table: ") in job.last_error
    named = {"unique": "one_email" if IS_POSTGRES else "email", "check": "no_bad"}
    assert named.get(host, "") in error
    for text in (error, job.last_error):
        assert "@" not in text
        assert "said" not in text
    assert set(LeadSearch.objects.exclude(crm_id="lead-2").values_list("error", flat=True)) == {""}


def test_what_was_refused_is_written_when_the_cause_is_gone(host, job_of):
    """``enrow_jobs --retry`` writes the result that was paid for, buys nothing, and says how it went."""
    job = job_of(4)
    applying.apply(job.pk, answer(4, 2), via=VIA)
    Lead.objects.filter(crm_id="taken-0").delete()
    if IS_POSTGRES:
        run_sql("ALTER TABLE leads_lead DROP CONSTRAINT IF EXISTS no_bad", "DROP TRIGGER IF EXISTS no ON leads_lead")
        run_sql("SET CONSTRAINTS ALL IMMEDIATE", "ALTER TABLE leads_lead ALTER COLUMN email TYPE varchar(254)")
    else:
        run_sql("DROP TRIGGER IF EXISTS no")
    assert waiting.write(job.pk, is_asked=True)
    job.refresh_from_db()
    assert (job.refused, job.last_error) == (0, "")
    assert set(LeadSearch.objects.values_list("effect", "error")) == {("written", "")}
    assert Lead.objects.get(crm_id="lead-2").email == BAD


def test_a_refusal_costs_a_logarithm(unique, job_of):
    """One of 5,000; without a refusal not one statement more than ever."""
    job_of(5000)
    job = SearchJob.objects.get()
    connection.check_constraints()  # what the test's own transaction has put off would be checked again and again
    with CaptureQueriesContext(connection) as captured:
        applying.apply(job.pk, answer(5000, 4321), via=VIA)
    updates = [query for query in captured if query["sql"].strip().startswith('UPDATE "leads_lead"')]
    assert len(updates) <= 2 * math.ceil(math.log2(5000)) + 2
    assert len(captured) <= 8 * len(updates)
    assert LeadSearch.objects.filter(effect="written").count() == 4999
    assert LeadSearch.objects.get(effect="refused").crm_id == "lead-4321"


@pytest.fixture
def refuse_all():
    """A trigger that refuses everybody; give a function that ends it."""
    run_sql(*_trigger("NEW.crm_id <> ''"))
    return lambda: run_sql("DROP TRIGGER no" + (" ON leads_lead" if IS_POSTGRES else ""))


@pytest.mark.parametrize("count", [1, 2, 300])
def test_where_everybody_is_refused_nobody_is_marked(job_of, refuse_all, count):
    """The table is at fault: the results are kept, the sweep repeats them, and few statements tell."""
    job = job_of(count)
    with CaptureQueriesContext(connection) as captured, pytest.raises(DatabaseError):
        applying.apply(job.pk, answer(count), via=VIA)
    assert len(captured) < 400
    assert set(effects(job).values()) == {""}
    assert waiting.write_waiting() == 0
    refuse_all()
    assert waiting.write_waiting() == 1
    job.refresh_from_db()
    assert set(effects(job).values()) == {"written"}
    assert job.refused == 0


@pytest.mark.postgres
def test_a_check_that_all_break_is_the_tables_fault(job_of):
    """So it is kept and repeated; it may be the check that has to change."""
    job = job_of(3)
    run_sql("ALTER TABLE leads_lead ADD CONSTRAINT odd CHECK (email = '')")
    with pytest.raises(IntegrityError):
        applying.apply(job.pk, answer(3), via=VIA)
    assert set(effects(job).values()) == {""}


@pytest.mark.parametrize("count", [1, 2])
def test_leads_that_collide_are_marked_although_nobody_else_was_written(unique, job_of, count):
    """One address cannot be two leads': no table does that to everybody."""
    job = job_of(count)
    assert applying.apply(job.pk, answer(count, *range(count)), via=VIA)
    assert set(effects(job).values()) == {"refused"}


def test_many_refused_at_the_front_keep_nobody_from_being_written(unique, job_of):
    """After twenty that are refused alone the larger parts are tried as they are; then it continues."""
    job = job_of(400)
    order = sorted(range(400), key=lambda number: f"lead-{number}")
    applying.apply(job.pk, answer(400, *order[:90]), via=VIA)
    marked = effects(job)
    assert [marked[f"lead-{number}"] for number in order] == ["refused"] * 90 + ["written"] * 310


@pytest.mark.parametrize("error", [OperationalError("deadlock detected"), OperationalError("connection lost")])
def test_locks_and_connections_are_nobodys_fault(job_of, monkeypatch, error):
    """No halving: the results are kept, and written by the sweep."""
    job = job_of(8)
    calls = []

    def fail(job, rows):
        calls.append(len(rows))
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(updating, "update", fail)
        with pytest.raises(OperationalError):
            applying.apply(job.pk, answer(8), via=VIA)
    assert calls == [8, 8]
    assert waiting.write_waiting() == 1
    assert set(effects(job).values()) == {"written"}


def test_a_lead_that_is_kept_is_no_proof_that_the_table_takes_anybody(job_of, refuse_all):
    """Nobody was written; so nobody is marked."""
    job = job_of(2)
    refuse_all()
    Lead.objects.filter(crm_id="lead-0").update(email="by@hand.com")
    run_sql(*[] if IS_POSTGRES else _trigger("NEW.crm_id <> ''"))
    if IS_POSTGRES:
        run_sql("CREATE TRIGGER no BEFORE UPDATE ON leads_lead FOR EACH ROW EXECUTE FUNCTION no()")
    with pytest.raises(DatabaseError):
        applying.apply(job.pk, answer(2), via=VIA)
    assert set(effects(job).values()) == {""}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_deferred_constraint_is_asked_before_the_commit_and_stays_deferred(job_of, make_leads):
    """In a host's own transaction too, which goes on to rely on its being deferred."""
    make_leads(1, prefix="taken", email=BAD)
    run_sql(*_DEFERRED)
    try:
        job = job_of(20)
        applying.apply(job.pk, answer(20, 7), via=VIA)
        assert effects(job)["lead-7"] == "refused"
        assert Lead.objects.filter(email_status="valid").count() == 19
        with transaction.atomic():
            Lead.objects.filter(crm_id="taken-0").update(email="")
            writeback.write(job.pk, is_asked=True)
            assert effects(job)["lead-7"] == "written"
            Lead.objects.filter(crm_id="taken-0").update(email=BAD)
            Lead.objects.filter(crm_id="lead-7").update(email="by@hand.com")
        assert Lead.objects.get(crm_id="taken-0").email == BAD
    finally:
        run_sql("ALTER TABLE leads_lead DROP CONSTRAINT one_email")


# --- Results that were bought before.


def test_a_reused_result_that_is_refused_ends_no_call_in_a_traceback(unique, job_of, make_leads, sandbox):
    """enrich() and enrich_leads write what they reuse; the refused lead is marked, and a later run writes it."""
    job = job_of(3)
    applying.apply(job.pk, answer(3, 1), via=VIA)
    run = enrich(Lead.objects.all(), find={"email"})
    assert run.reused == 1
    progress = run.progress()
    assert (progress.refused, progress.is_over) == (1, True)
    assert set(run.jobs().values_list("state", "refused")) == {("finished", 1)}
    Lead.objects.filter(crm_id="taken-0").delete()
    run = enrich(Lead.objects.all(), find={"email"})
    assert run.progress().refused == 0
    assert Lead.objects.get(crm_id="lead-1").email == BAD
    assert sandbox.ledger.spent == 0


def test_a_table_that_refuses_every_reused_result_is_survived(job_of, make_leads):
    """Nothing was bought: all are marked, no waiting job is left behind, and the next run writes them."""
    job = job_of(3)
    applying.apply(job.pk, answer(3), via=VIA)
    make_leads(3, prefix="twin", company_domain="lead.com")
    run_sql(*_trigger("NEW.crm_id <> ''"))
    with contextlib.suppress(DatabaseError):
        run = enrich(Lead.objects.filter(crm_id__startswith="twin"), find={"email"})
    assert (run.reused, run.progress().refused) == (3, 3)
    assert not SearchJob.objects.unwritten().exists()
    run_sql("DROP TRIGGER no" + (" ON leads_lead" if IS_POSTGRES else ""))
    enrich(Lead.objects.filter(crm_id__startswith="twin"), find={"email"})
    assert Lead.objects.filter(crm_id__startswith="twin", email_status="valid").count() == 3


def test_a_database_that_locks_while_a_result_is_reused_is_survived(job_of, make_leads, monkeypatch):
    """The sweep writes it."""
    job = job_of(1)
    applying.apply(job.pk, answer(1), via=VIA)
    make_leads(1, prefix="twin", company_domain="lead.com")

    def fail(job, rows):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(updating, "update", fail)
        run = enrich(Lead.objects.filter(crm_id="twin-0"), find={"email"})
    assert run.progress().jobs_open == 1
    assert run.progress().is_over, "it waits for a person who fixes the database, and is not waited for"
    assert waiting.write_waiting() == 1
    assert Lead.objects.get(crm_id="twin-0").email == "0@f.com"


def test_a_note_on_refusals_takes_the_place_of_an_earlier_one():
    """What Enrow said before it stays."""
    once = refusals.retold("Enrow refused it.", "1 of 2 leads.")
    assert once == "Enrow refused it. Refused by the leads' table: 1 of 2 leads."
    assert refusals.retold(once, "2 of 2 leads.") == "Enrow refused it. Refused by the leads' table: 2 of 2 leads."
    assert refusals.retold(once, "") == "Enrow refused it."
