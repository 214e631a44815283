"""A result is fetched by GET, and applied once it is there."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.errors import SettingsMustChange
from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from leads.outbox import submission
from leads.results.collecting import collect

pytestmark = pytest.mark.django_db
POLL = SearchJob.Via.POLL


@pytest.fixture
def sent(make_leads, sandbox):
    """A job that the sandbox runs."""
    make_leads(2)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    assert submission.submit(job.pk)
    job.refresh_from_db()
    return job


def test_a_result_that_is_there_is_applied(sent):
    """With the way it came, for the history."""
    assert collect(sent, via=POLL)
    sent.refresh_from_db()
    assert (sent.state, sent.found, sent.result_via) == ("finished", 2, "poll")


def test_a_search_that_runs_changes_nothing(sent, sandbox):
    """The caller is told to come again."""
    sandbox.configure(delay=60)
    Lead.objects.update(firstname="Bob")
    other = enrich(Lead.objects.filter(crm_id="lead-0"), find={"phone"}).jobs().get()
    assert submission.submit(other.pk)
    other.refresh_from_db()
    assert not collect(other, via=POLL)
    assert SearchJob.objects.get(pk=other.pk).state == "running"


def test_a_job_without_an_id_takes_the_one_that_is_given(sent):
    """The answer to its POST was lost, and its event brings the id."""
    enrow_id = sent.enrow_id
    SearchJob.objects.update(state="unconfirmed", enrow_id="")
    sent.refresh_from_db()
    assert collect(sent, via=SearchJob.Via.WEBHOOK, enrow_id=enrow_id)
    sent.refresh_from_db()
    assert (sent.state, sent.enrow_id) == ("finished", enrow_id)


def test_what_goes_wrong_is_the_callers_to_decide(sent, enrow):
    """The client's error arrives whole; the job is as it was."""
    enrow(API_KEY="bad-key")
    with pytest.raises(SettingsMustChange):
        collect(sent, via=POLL)
    sent.refresh_from_db()
    assert sent.state == "running"
