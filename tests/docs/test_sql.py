"""The SQL of the documentation, run on PostgreSQL; each test's transaction is rolled back."""

from __future__ import annotations

import datetime as dt
import re
import shlex
import uuid

import pytest
from django.db import connection
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from leads.models import LeadSearch, SearchJob
from tests.docs.pages import SPANS, blocks

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

STATEMENTS = [*blocks(language="sql"), *(span for span in SPANS if span.text.startswith(("ALTER TABLE", "SELECT ")))]
# What is typed behind ``psql -c``.
TYPED = [
    shlex.split(line, comments=True)[2]
    for block in blocks(language="sh")
    for line in block.text.splitlines()
    if line.startswith("psql ")
]


def run(code):
    """Run one or more statements."""
    with connection.cursor() as cursor:
        cursor.execute(code)


def rows(code, *values):
    """Return the rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(code, values or None)
        return cursor.fetchall()


def block_with(words):
    """Return the text of the one block that has these words."""
    (found,) = [block.text for block in blocks(language="sql") if words in block.text]
    return found


@pytest.mark.parametrize("code", STATEMENTS, ids=str)
def test_every_statement_runs(code):
    """Tables, columns and options that a page names are there."""
    run(code.text)


@pytest.mark.parametrize("statement", TYPED)
def test_an_index_made_by_hand_is_the_one_of_the_migration(statement):
    """A migration may only be marked as done when what was typed made the same index, under the same name."""
    name = re.match(r'CREATE INDEX CONCURRENTLY "(\w+)" ', statement)[1]
    before = definition(name)
    run(f"DROP INDEX {name}")
    # The tests' transaction allows no other way than the one that locks.
    run(statement.replace("CONCURRENTLY ", ""))
    assert definition(name) == before


def definition(index):
    """Return how PostgreSQL itself writes the index."""
    ((found,),) = rows("SELECT indexdef FROM pg_indexes WHERE indexname = %s", index)
    return found


def test_only_old_events_that_were_dealt_with_are_deleted():
    """Retention takes what is processed and older than a year, and nothing else."""
    old, new = timezone.now() - dt.timedelta(days=400), timezone.now()
    for number, (state, at) in enumerate([("processed", old), ("ignored", old), ("processed", new), ("dead", old)]):
        WebhookEvent.objects.create(enrow_id=str(number), event="x", state=state, received_at=at)
    run(block_with("DELETE FROM enrow_webhooks_webhookevent"))
    assert sorted(WebhookEvent.objects.values_list("enrow_id", flat=True)) == ["2", "3"]


def test_whole_jobs_move_into_the_history():
    """Searches of jobs that ended in that week and reached their leads move, with every column; others stay."""
    week, later = dt.datetime(2026, 1, 3, tzinfo=dt.UTC), dt.datetime(2026, 1, 9, tzinfo=dt.UTC)
    ended, open_, written = (job(week, week), job(week, None), job(later, later))
    before = rows("SELECT * FROM leads_leadsearch WHERE job_id = %s", ended.pk)
    run(block_with("CREATE TABLE search_history "))
    assert rows("SELECT * FROM search_history") == before != []
    assert {search.job for search in LeadSearch.objects.all()} == {open_, written}


def job(finished_at, written_at):
    """Make a job with one search."""
    made = SearchJob.objects.create(
        run=uuid.uuid4(), kind="find_email", state="finished", finished_at=finished_at, written_at=written_at
    )
    LeadSearch.objects.create(job=made, crm_id=str(made.pk), kind="find_email", outcome="found", value="ann@firm.com")
    return made
