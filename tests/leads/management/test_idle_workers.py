"""A person who waits is told, once, that nobody seems to work."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from leads.enrichment import enrich
from leads.management.commands.enrich_leads import Command as EnrichCommand
from leads.management.idle_workers import IdleWorkers
from leads.models import Lead
from tests.commands import run
from tests.leads.management.workers import a_worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_wait_with_a_worker_gives_no_hint(site, make_leads, monkeypatch):
    """Jobs leave the queue; that Enrow takes its time is no reason to complain."""
    make_leads(2)
    site.configure(delay=1.5)
    monkeypatch.setattr(EnrichCommand, "patience", 0.8)

    with a_worker():
        outcome = run("enrich_leads", "--find", "email", "--wait", 30)

    assert (outcome.code, outcome.err) == (0, "")


def test_without_a_celery_app_nobody_is_missed(make_leads, sandbox):
    """The process that waits does the work; jobs whose time has not come are nobody's fault either."""
    make_leads(1)
    jobs = enrich(Lead.objects.all(), find={"email"}).jobs()
    later = IdleWorkers(jobs, seconds=0)
    assert "no worker seems to run" in later.complaint()
    assert later.complaint() == ""
    jobs.update(next_check_at=timezone.now() + dt.timedelta(hours=1))
    assert IdleWorkers(jobs, seconds=0).complaint() == ""


def test_a_wait_without_a_worker_says_once_that_none_seems_to_run(site, make_leads, monkeypatch):
    """Celery is set up, but nothing leaves the queue: one hint with what to start, and the wait goes on."""
    make_leads(1)
    monkeypatch.setattr(EnrichCommand, "patience", 0.2)

    outcome = run("enrich_leads", "--find", "email", "--wait", 2)

    hint = "1 search jobs wait and no worker seems to run; start 'celery -A config worker'"
    assert outcome.err.count(hint) == 1
    assert "or 'manage.py enrow_sweep --every 2'." in outcome.err
    assert "The time is up" in outcome.err
