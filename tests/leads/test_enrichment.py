"""The way in: what may be asked for, and what the answer tells."""

from __future__ import annotations

from decimal import Decimal

import pytest

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich, estimate, kinds_of
from leads.models import Lead, LeadSearch, SearchJob
from leads.skips import Reason
from tests.conftest import finish, work

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "narrow",
    [
        lambda leads: leads.order_by("pk")[2:5],
        lambda leads: leads.order_by("pk").distinct()[:3],
        lambda leads: leads.filter(crm_id="lead-0").union(leads.filter(crm_id__in=["lead-1", "lead-2"])),
    ],
    ids=["slice", "distinct", "union"],
)
def test_any_queryset_can_be_enriched(make_leads, narrow):
    """Slices, distinct and combined querysets are searched like any other."""
    make_leads(8)
    run = enrich(narrow(Lead.objects.order_by()), find={"email"})
    assert run.tally.to_search[Kind.FIND_EMAIL] == 3


def test_an_estimate_writes_nothing_and_counts_like_the_run(make_leads):
    """estimate() and enrich() agree, and only the second one writes."""
    make_leads(3)
    make_leads(1, prefix="has", email="a@b.com")
    make_leads(1, prefix="bad", company_domain="no domain")
    foreseen = estimate(Lead.objects.all(), find={"email"})
    assert (SearchJob.objects.count(), LeadSearch.objects.count()) == (0, 0)
    run = enrich(Lead.objects.all(), find={"email"})
    assert run.tally == foreseen.tally
    assert foreseen.posts == 1
    assert foreseen.tally.worst_case == Decimal(3)
    assert foreseen.tally.skipped == {(Kind.FIND_EMAIL, Reason.ALREADY): 1, (Kind.FIND_EMAIL, Reason.BAD_INPUT): 1}


def test_what_is_not_asked_for_is_not_guessed():
    """Without a word and without verify there is nothing to do, and the sentence says what to give."""
    with pytest.raises(ValueError, match=r'find=\{"email"\}.* or verify=True'):
        kinds_of((), verify=False)


@pytest.mark.parametrize("call", [enrich, estimate])
@pytest.mark.parametrize(
    ("error", "wrong"),
    [
        (TypeError, {"queryset": []}),
        (ValueError, {"queryset": SearchJob.objects.all()}),
        (TypeError, {"find": "email"}),
        (ValueError, {"find": {"fax"}}),
        (ValueError, {"max_credits": "abc"}),
        (TypeError, {"max_credits": True}),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_asked_or_written(make_leads, sandbox, call, error, wrong):
    """Not even the balance is asked for."""
    make_leads(1)
    arguments = {"queryset": Lead.objects.all(), "find": {"email"}, "max_credits": 5} | wrong
    with pytest.raises(error, match=r"takes|is not mapped"):
        call(arguments.pop("queryset"), **arguments)
    assert not SearchJob.objects.exists()
    assert not sandbox.requests


def test_a_run_is_waited_for_without_any_worker(make_leads, sandbox):
    """In a project without Celery, wait() does the work; here the sweep is called as wait() does."""
    make_leads(2)
    run = enrich(Lead.objects.all(), find={"email"})
    seen = []
    finish(sandbox)
    assert run.wait(timeout=5, watch=seen.append)
    assert (seen[-1].searched, seen[-1].done, seen[-1].found, seen[-1].spent, seen[-1].reserved) == (2, 2, 2, 2, 0)


def test_waiting_ends_when_only_a_person_can_help(make_leads, sandbox, enrow):
    """A held job does not keep a command waiting for ever."""
    make_leads(2)
    enrow(API_KEY="bad-key")
    run = enrich(Lead.objects.all(), find={"email"})
    work(sandbox)
    assert run.wait(timeout=5)
    assert run.progress().jobs_stuck == 1


def test_waiting_has_an_end(make_leads, sandbox):
    """A timeout is a timeout."""
    make_leads(1)
    assert not enrich(Lead.objects.all(), find={"email"}).wait(timeout=0, pause=0)


def test_what_another_run_buys_is_not_found_by_this_one(make_leads, sandbox):
    """Those who share a search get its value; found are those that a run paid for."""
    make_leads(2)
    first = enrich(Lead.objects.all(), find={"email"})
    make_leads(2, prefix="twin")
    second = enrich(Lead.objects.filter(crm_id__startswith="twin"), find={"email"})
    finish(sandbox)
    assert (second.progress().shared, second.progress().found) == (2, 0)
    assert (first.progress().searched, first.progress().found) == (2, 2)
