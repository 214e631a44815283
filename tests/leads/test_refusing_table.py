"""The leads' table takes nothing: no command, page or worker ends in a traceback, and nothing is lost."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from enrow_webhooks.client.errors import Refused
from enrow_webhooks.client.http import EnrowClient
from leads.admin.jobs import SearchJobAdmin
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import waiting
from leads.upkeep.sweep import sweep
from tests.leads.problems import ago
from tests.leads.refusing import leads_refuse

pytestmark = pytest.mark.django_db


def assert_written_later(count):
    """What the leads should say waits, says why, and is written once they can be."""
    job = SearchJob.objects.get(written_at=None, state__in=SearchJob.ENDED)
    assert job.last_error.startswith("Results kept, but not written to the leads: ")
    assert waiting.write_waiting() == 1
    assert Lead.objects.filter(email_status="failed").count() == count


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("how", ["--give-up", "--resend"])
def test_a_command_that_decides(job_in, count, how):
    """The decision stands; to send again searches the leads again."""
    job = job_in("unconfirmed", count)
    with leads_refuse():
        call_command("enrow_jobs", str(job.pk), how, "--yes")
    job.refresh_from_db()
    assert job.state == "expired"
    assert SearchJob.objects.count() == 1 + (how == "--resend")
    assert_written_later(count)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("action", SearchJobAdmin.actions)
def test_a_page_that_decides(job_in, admin_client, count, action):
    """Each action of the list, also those that do nothing to such a job."""
    job = job_in("unconfirmed", count)
    with leads_refuse():
        page = {"action": action, "_selected_action": [str(job.pk)]}
        answer = admin_client.post(reverse("admin:leads_searchjob_changelist"), page | {"confirmed": "yes"})
    assert answer.status_code in {200, 302}


def test_the_sweep_that_gives_up(running, sandbox):
    """It goes on with the next job."""
    running(2)
    SearchJob.objects.update(sent_at=ago(days=30), created_at=ago(days=30), next_check_at=timezone.now())
    with leads_refuse():
        sweep()
    assert SearchJob.objects.get().state == "expired"
    assert_written_later(2)


def test_a_command_that_works(make_leads, sandbox, monkeypatch):
    """Enrow refused the POST of a batch; its leads cannot be told so."""

    def refuse(*args, **options):
        raise Refused("Enrow refused it.")

    monkeypatch.setattr(EnrowClient, "launch", refuse)
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    with leads_refuse():
        call_command("enrow_sweep")
    assert SearchJob.objects.get().state == "failed"
    assert set(LeadSearch.objects.values_list("outcome", "error")) == {("error", "Enrow refused it.")}
    assert_written_later(2)
