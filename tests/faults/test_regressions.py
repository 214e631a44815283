"""Bugs that the dying processes of this folder found, each in its smallest form, on every database."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError, connection

from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from leads.outbox import submission
from leads.upkeep.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(sandbox, make_leads):
    """A queued search of two leads."""
    make_leads(2)
    return enrich(Lead.objects.all(), find={"email"}).jobs().get()


class BreaksOnce:
    """A database that fails the first statement with these words in it."""

    def __init__(self, words):
        self.words = words
        self.broken = 0

    def __call__(self, execute, text, params, many, context):
        if self.words in text and not self.broken:
            self.broken += 1
            raise OperationalError("terminating connection due to administrator command")
        return execute(text, params, many, context)


def test_what_enrow_accepted_is_recorded_on_a_new_connection(sandbox, job):
    """The database goes away between the POST and its record: the id of what is paid for is not lost."""
    breaks = BreaksOnce('"enrow_id" = ')
    with connection.execute_wrapper(breaks):
        submission.submit(job.pk)
    job.refresh_from_db()
    assert breaks.broken == 1
    assert (job.state, job.enrow_id) == ("running", sandbox.jobs[0].id)


def test_an_id_that_cannot_be_recorded_is_logged(sandbox, job, caplog, monkeypatch):
    """The database stays away: the log names the job and Enrow's id, and the error is not hidden."""
    monkeypatch.setattr(submission, "_PATIENCE", ())
    with connection.execute_wrapper(BreaksOnce('"enrow_id" = ')), pytest.raises(OperationalError):
        submission.submit(job.pk)
    assert str(job.pk) in caplog.text
    assert sandbox.jobs[0].id in caplog.text


def test_a_worker_that_dies_while_it_prepares_needs_no_person(sandbox, job):
    """Nothing was sent yet, and the row says so: when the lease is over, the job is simply due again."""
    assert SearchJob.objects.claim_for_preparing(job.pk, lease=dt.timedelta(0))
    job.refresh_from_db()
    assert job.state == "queued"
    sweep()
    job.refresh_from_db()
    assert (job.state, job.attempts, len(sandbox.jobs)) == ("running", 2, 1)


def test_a_worker_that_outlives_its_lease_sends_nothing(sandbox, job):
    """It prepares for so long that another worker takes the job: one POST, and the slow one changes nothing."""
    assert SearchJob.objects.claim_for_preparing(job.pk, lease=dt.timedelta(0))
    slow = SearchJob.objects.get(pk=job.pk)
    assert SearchJob.objects.claim_for_preparing(job.pk, lease=dt.timedelta(minutes=5))
    submission._send(slow, submission._queries(slow), "")
    submission._again(slow, "too slow", delay=dt.timedelta(0))
    job.refresh_from_db()
    assert (job.state, job.attempts, job.last_error, sandbox.jobs) == ("queued", 2, "", [])
