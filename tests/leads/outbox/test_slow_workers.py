"""A worker that another one overtook changes nothing any more, whatever a person decided meanwhile."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import contextmanager

import pytest
from django.db import connections

from leads import decisions
from leads.enrichment import Run, enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import submission
from tests.conftest import due_now

pytestmark = pytest.mark.django_db(transaction=True)


def pause_and_resume(job):
    run = Run.get(job.run)
    assert run.pause(by="ann")
    assert run.resume(by="ann")


def hold_and_resume(job):
    """As after a POST without credits."""
    SearchJob.objects.filter(pk=job.pk).update(state="held")
    assert decisions.resume(job.pk, by="ann")


@pytest.mark.parametrize("decide", [pause_and_resume, hold_and_resume])
def test_a_resume_lets_no_slow_worker_queue_again_what_another_sends_at_this_moment(
    make_leads, sandbox, monkeypatch, decide
):
    """The slow one fails while the POST of the other is under way: a third worker would send a second POST."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    prepares, fails = threading.Event(), threading.Event()
    queries, open_client = submission._queries, submission.open_client

    def slow_or_real(job):
        if threading.current_thread() is not slow:
            return queries(job)
        prepares.set()
        assert fails.wait(20)
        raise ValueError("a field of the project")

    @contextmanager
    def meanwhile():
        """While the other one sends, the slow one fails; then a third one looks."""
        with open_client() as client:
            launch = client.launch

            def launch_and_wait(*args, **kwargs):
                launched = launch(*args, **kwargs)
                if not fails.is_set():
                    fails.set()
                    slow.join(20)
                    due_now()
                    submission.submit_next()
                return launched

            client.launch = launch_and_wait
            yield client

    def prepare():
        try:
            with pytest.raises(ValueError, match="a field"):
                submission.submit(job.pk)
        finally:
            connections.close_all()

    slow = threading.Thread(target=prepare)
    monkeypatch.setattr(submission, "_queries", slow_or_real)
    monkeypatch.setattr(submission, "open_client", meanwhile)
    slow.start()
    assert prepares.wait(20)
    decide(job)
    assert submission.submit_next()
    job.refresh_from_db()
    assert (len(sandbox.jobs), job.state) == (1, "running")


def test_a_slow_worker_takes_no_lead_out_of_what_another_has_sent(make_leads, sandbox):
    """A person edits the lead after the POST; who read it only then may not free it to be bought again."""
    make_leads(1)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    assert SearchJob.objects.claim_for_preparing(job.pk, lease=dt.timedelta(0))
    slow = SearchJob.objects.get(pk=job.pk)
    assert submission.submit(job.pk)
    Lead.objects.update(company_domain="edited.com")
    submission._queries(slow)
    assert LeadSearch.objects.get().outcome == "pending"
