"""Searches and leads are written together, each row once, in one order; what leads refuse is kept for later."""

from __future__ import annotations

import contextlib
import threading
import time
from functools import partial

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from leads import forgetting
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying, waiting, writeback
from tests.leads.answers import VIA, done, effects, found, missed
from tests.leads.newer import written_later
from tests.leads.refusing import leads_refuse, run_sql

pytestmark = pytest.mark.django_db


def assert_kept_then_written(job):
    job.refresh_from_db()
    assert (job.state, job.found, job.written_at) == ("finished", 1, None)
    assert list(LeadSearch.objects.order_by("crm_id").values_list("outcome", "value", "effect")) == [
        ("found", "x@firm.com", ""),
        ("not_found", "", ""),
    ]
    assert waiting.write_waiting() == 1
    assert list(Lead.objects.order_by("crm_id").values_list("email", "email_status")) == [
        ("x@firm.com", "valid"),
        ("", "not_found"),
    ]
    assert effects(job) == {"lead-0": "written", "lead-1": "written"}


def test_what_was_paid_for_survives_leads_that_refuse(running):
    """A trigger of the host refuses: the results are kept, the caller hears of it, the sweep writes them later."""
    job = running(2)
    with leads_refuse():
        with pytest.raises(DatabaseError):
            applying.apply(job.pk, done(found("lead-0"), missed("lead-1")), via=VIA)
        assert waiting.write_waiting() == 0
    assert_kept_then_written(job)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_was_paid_for_survives_leads_that_refuse_at_the_commit(running):
    """A deferred constraint fails after every statement went well; no savepoint would have kept the results."""
    job = running(2)
    with leads_refuse(at_commit=True), pytest.raises(DatabaseError):
        applying.apply(job.pk, done(found("lead-0"), missed("lead-1")), via=VIA)
    assert_kept_then_written(job)


def test_a_job_that_ends_without_result_ends_although_leads_refuse(running):
    """Its leads can be searched again; what they should say is written later."""
    job = running(1)
    with leads_refuse():
        assert applying.end_without_result(job.pk, SearchJob.State.FAILED, "Enrow refused it.")
    job.refresh_from_db()
    assert (job.state, job.written_at, LeadSearch.objects.get().outcome) == ("failed", None, "error")
    assert job.last_error.startswith("Results kept, but not written")
    assert waiting.write_waiting() == 1
    assert Lead.objects.get().email_status == "failed"


KINDS = {"email": {"find": ("email",)}, "phone": {"find": ("phone",)}, "verify": {"find": (), "verify": True}}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_applying_takes_the_same_few_statements_at_any_size(running, kind, overwrite):
    """Leads that are written, kept, outdated and gone: one UPDATE of the searches, one of the job, two of the leads.

    The second is for those whose date alone said that they are outdated.
    """
    counts = []
    for size in (20, 1500):
        fields = {"email": f"a@firm{size}.com"} if kind == "verify" else {}
        job = running(size, **KINDS[kind], overwrite=overwrite, **fields)
        if kind == "verify":  # one address is bought once; each lead shares its verdict
            answer = done(found(value=f"a@firm{size}.com"))
        else:
            answer = done(*(found(f"lead-{number}", f"+1570555{number:04}") for number in range(size)))
        Lead.objects.filter(crm_id="lead-1").update(email="by@hand.com", phone="+1")
        written_later("lead-2", job.kind)
        Lead.objects.filter(crm_id="lead-3").delete()
        with CaptureQueriesContext(connection) as captured:
            applying.apply(job.pk, answer, via=VIA)
        texts = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
        counts.append(len(texts))
        for table, times in {"leads_lead": 2, "leads_leadsearch": 1, "leads_searchjob": 1}.items():
            assert sum(text.strip().startswith(f'UPDATE "{table}"') for text in texts) == times
        became = effects(job)
        assert (became.pop("lead-1"), became.pop("lead-2"), became.pop("lead-3")) == (
            "changed" if kind == "verify" else "kept",
            "stale",
            "orphan",
        )
        assert set(became.values()) == {"written"}
        SearchJob.objects.all().delete()
        Lead.objects.all().delete()
    # On PostgreSQL three more: how to look up.
    assert counts in ([8, 8], [11, 11])


def versions():
    """Return the leads as the database keeps them: on PostgreSQL by who wrote and who locked each row last."""
    columns = "crm_id, xmin::text, xmax::text, ctid::text" if connection.vendor == "postgresql" else "*"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM leads_lead ORDER BY crm_id")  # noqa: S608 - the columns stand above
        return cursor.fetchall()


@pytest.mark.parametrize(
    ("changes", "effect"),
    [({"email": "by@hand.com"}, "kept"), ({"company_domain": "other.com"}, "changed")],
    ids=["kept", "changed"],
)
def test_a_lead_that_does_not_change_is_not_touched(running, changes, effect):
    """Neither written nor locked: no new version of the row, no work for its indexes."""
    job = running(3)
    Lead.objects.filter(crm_id__in=["lead-0", "lead-2"]).update(**changes)
    before = versions()
    applying.apply(job.pk, done(*(found(f"lead-{number}") for number in range(3))), via=VIA)
    after = versions()
    assert effects(job) == {"lead-0": effect, "lead-1": "written", "lead-2": effect}
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] != before[1]


def test_of_two_searches_for_one_lead_the_newer_one_is_written(running):
    """A result that waits to be written and a newer one of the same job, as when the lead was edited in between."""
    job = running(1)
    newer = LeadSearch.objects.get()
    LeadSearch.objects.filter(pk=newer.pk).update(id=newer.pk + 1)
    LeadSearch.objects.create(
        pk=newer.pk, job=job, model=newer.model, crm_id="lead-0", kind=job.kind, outcome="found", value="old@x.com"
    )
    applying.apply(job.pk, done(found("lead-0", "new@x.com")), via=VIA)
    assert Lead.objects.get().email == "new@x.com"
    assert list(LeadSearch.objects.order_by("pk").values_list("value", "effect")) == [
        ("old@x.com", "kept"),
        ("new@x.com", "written"),
    ]


def test_a_cancelled_search_says_nothing_of_its_lead(running):
    """What waits in the same job is written; the newer, cancelled search of that lead does not take its place."""
    job = running(1)
    newer = LeadSearch.objects.get()
    LeadSearch.objects.filter(pk=newer.pk).update(id=newer.pk + 1)
    LeadSearch.objects.create(
        pk=newer.pk, job=job, model=newer.model, crm_id="lead-0", kind=job.kind, outcome="found", value="old@x.com"
    )
    applying.end_without_result(job.pk, SearchJob.State.CANCELLED, "By hand.")
    assert Lead.objects.get().email == "old@x.com"
    assert list(LeadSearch.objects.order_by("pk").values_list("outcome", "effect")) == [
        ("found", "written"),
        ("cancelled", ""),
    ]


def test_what_waited_to_be_written_is_written_with_the_rest(running):
    """A row that ended before its job did reaches its lead too: nothing stays behind in a job that is written."""
    job = running(2)
    LeadSearch.objects.filter(crm_id="lead-0").update(outcome="error", error="Enrow refused it.")
    applying.apply(job.pk, done(missed("lead-1")), via=VIA)
    assert dict(Lead.objects.values_list("crm_id", "email_status")) == {"lead-0": "failed", "lead-1": "not_found"}
    assert effects(job) == {"lead-0": "written", "lead-1": "written"}


@pytest.mark.postgres
def test_outdated_statistics_do_not_mislead_the_planner(running):
    """They say that no search is pending and no lead has a blank e-mail; it expects to write dozens all the same.

    Else it would start from "the one" lead with a blank e-mail, and read all that there really are.
    """
    job = running(300)
    LeadSearch.objects.update(outcome="not_found")
    Lead.objects.update(email="somebody@x.com")
    run_sql("ANALYZE leads_lead", "ANALYZE leads_leadsearch")
    LeadSearch.objects.update(outcome="pending")
    Lead.objects.update(email="")
    with CaptureQueriesContext(connection) as captured:
        applying.apply(job.pk, done(*(found(f"lead-{number}") for number in range(300))), via=VIA)
    written = [text for query in captured if (text := query["sql"].strip()).startswith('UPDATE "leads_lead')]
    assert len(written) == 2
    with connection.cursor() as cursor:
        for text in written:
            [[[plan]]] = cursor.execute(f"EXPLAIN (FORMAT json) {text}").fetchall()
            # Half of the hundred that it takes the results for.
            assert plan["Plan"]["Plans"][0]["Plan Rows"] >= 50, plan


@pytest.mark.postgres
@pytest.mark.parametrize(("size", "way"), [(1, "Index Cond"), (300, "Index")])
def test_a_batch_reads_no_table_whole(running, make_leads, size, way):
    """Not where a batch is a tenth of the leads, which PostgreSQL would rather read all; one lead is looked up."""
    job = running(size)
    make_leads(3000, prefix="other", company_domain="other.com")
    enrich(Lead.objects.filter(crm_id__startswith="other"), find={"email"})
    run_sql("ANALYZE leads_lead", "ANALYZE leads_leadsearch")
    plans = []

    def explain(execute, text, params, many, context):
        if text.lstrip().startswith("UPDATE") and "jsonb_array_elements" in text:
            context["cursor"].execute(f"EXPLAIN (FORMAT json) {text}", params)
            plans.append(context["cursor"].fetchone()[0][0]["Plan"])
        return execute(text, params, many, context)

    with connection.execute_wrapper(explain):
        applying.apply(job.pk, done(*(found(f"lead-{number}") for number in range(size))), via=VIA)
    assert len(plans) == 2
    read = [scan for plan in plans for scan in scans(plan)]
    assert len(read) == 7, "leads twice, searches once, newer ones twice; and once more"
    # A bitmap is made from an index, whose condition stands one step below.
    whole = [scan for scan in read if scan["Node Type"] != "Bitmap Heap Scan"]
    # There are two jobs: nothing to look up.
    whole = [scan for scan in whole if scan["Relation Name"] != "leads_searchjob"]
    assert [scan for scan in whole if not any(key.startswith(way) for key in scan)] == []


def scans(plan):
    """Yield every step of a plan that reads one of our tables."""
    if plan["Node Type"].endswith("Scan") and plan.get("Relation Name", "").startswith("leads_"):
        yield plan
    for child in plan.get("Plans", ()):
        yield from scans(child)


# --- Several at once.


@contextlib.contextmanager
def at_once(*works):
    """Run all in threads while the block runs; afterwards no statement of theirs may have failed, nor they."""
    failures = []

    def listen(execute, *arguments):
        try:
            return execute(*arguments)
        except DatabaseError as error:
            failures.append(error)  # also one that is fixed by doing it again
            raise

    def run(work):
        try:
            with connection.execute_wrapper(listen):
                work()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    assert failures == []


def wait_until_somebody_waits():
    """Return once another connection waits for a lock of this one."""
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    for _ in range(200):
        with connection.cursor() as cursor:
            if cursor.execute(waiting).fetchone():
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_batches_that_share_leads_do_not_deadlock(make_leads):
    """E-mail and phone results of the same leads, sent in opposite orders, are applied at once by several workers."""
    make_leads(500)
    for _ in range(3):
        jobs = list(enrich(Lead.objects.all(), find={"email", "phone"}, force=True).jobs())
        SearchJob.objects.filter(pk__in=[job.pk for job in jobs]).update(state="running")
        LeadSearch.objects.filter(kind="find_phone").update(position=499 - F("position"))
        works = []
        for job in jobs:
            value = "+15705551234" if job.kind == "find_phone" else "x@firm.com"
            answer = done(*(found(f"lead-{number}", value) for number in range(500)))
            works.append(partial(applying.apply, job.pk, answer, via=VIA))
        with at_once(*works, *works):
            pass
        assert Lead.objects.exclude(email="").exclude(phone="").count() == 500
        Lead.objects.update(email="", phone="", email_checked_at=None, phone_checked_at=None)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_edit_that_is_under_way_wins(running):
    """A person saves while the results are written: they wait for the commit, and then keep what the person typed."""
    job = running(2)
    answer = done(found("lead-0"), found("lead-1"))
    with transaction.atomic():
        Lead.objects.filter(crm_id="lead-1").update(email="by@hand.com")
        waiting = contextlib.ExitStack()
        waiting.enter_context(at_once(partial(applying.apply, job.pk, answer, via=VIA)))
        wait_until_somebody_waits()
    waiting.close()
    assert dict(Lead.objects.values_list("crm_id", "email")) == {"lead-0": "x@firm.com", "lead-1": "by@hand.com"}
    assert effects(job) == {"lead-0": "written", "lead-1": "kept"}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_forgetting_waits_for_the_job_before_it_takes_a_lead(running):
    """Who writes results holds the job and then takes leads; the other way round both could wait for ever."""
    job = running(1)
    with transaction.atomic():
        SearchJob.objects.select_for_update().get(pk=job.pk)
        waiting = contextlib.ExitStack()
        waiting.enter_context(at_once(partial(forgetting.forget, ["lead-0"])))
        wait_until_somebody_waits()
        assert Lead.objects.select_for_update(nowait=True).get().crm_id == "lead-0"
    waiting.close()
    assert not Lead.objects.exists()


def test_a_search_that_failed_checked_nothing(running):
    """``email_checked_at`` tells when Enrow gave an answer."""
    job = running(1)
    applying.end_without_result(job.pk, "failed", "Enrow refused it.")
    lead = Lead.objects.get()
    assert (lead.email_status, lead.email_checked_at) == ("failed", None)


def test_a_job_counts_as_written_only_when_it_has_ended(running):
    """What it reuses is written before; its own results are still to come."""
    job = running(1)
    writeback.write(job.pk)
    job.refresh_from_db()
    assert job.written_at is None
