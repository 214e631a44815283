"""One bad row never costs the others: a batch that is refused without a row number is taken apart until it is found."""

from __future__ import annotations

import math

import pytest
from django.core.management import call_command
from django.db import transaction

from enrow_webhooks.client.errors import Refused, RowRefused
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.outbox import halving, purchases, submission
from leads.outbox.batches import Wanted
from tests.conftest import finish
from tests.leads.races import uncommitted

pytestmark = pytest.mark.django_db

BAD = "refused.example"
REASON = "Enrow answered 400: both company_domain and company_name are absent"


@pytest.fixture
def posts(sandbox):
    """Let Enrow refuse without a row number; count its POSTs."""
    sandbox.configure(facts="refusals_without_row")
    sent = []
    launch = submission.open_client

    class Counting:
        def __init__(self):
            self.client = launch()

        def __enter__(self):
            self.client.__enter__()
            return self

        def __exit__(self, *error):
            return self.client.__exit__(*error)

        def launch(self, kind, queries, **settings):
            sent.append(len(queries))
            return self.client.launch(kind, queries, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submission, "open_client", Counting)
        yield sent


@pytest.fixture
def queue(make_leads):
    """Queue one job of so many leads, of which some have a company that Enrow refuses."""

    def make(count, *bad):
        make_leads(count)
        Lead.objects.filter(crm_id__in=[f"lead-{number}" for number in bad]).update(company_domain=BAD)
        return enrich(Lead.objects.all(), find={"email"}).jobs().get()

    return make


def statuses():
    return dict(Lead.objects.values_list("crm_id", "email_status"))


@pytest.mark.parametrize("bad", [(0,), (9,), (4, 5), (0, 9), (1, 4, 8)])
def test_the_bad_rows_fail_and_all_others_are_bought(sandbox, posts, queue, bad):
    """Each ends alone in a job that says Enrow's own sentence; nobody is bought twice, and the books are right."""
    queue(10, *bad)
    finish(sandbox)
    assert statuses() == {f"lead-{number}": "failed" if number in bad else "valid" for number in range(10)}
    failed = SearchJob.objects.filter(state="failed")
    assert [(job.requested, job.last_error.startswith(REASON), job.credits_cost) for job in failed] == [
        (1, True, 0)
    ] * len(bad)
    errors = LeadSearch.objects.filter(outcome="error").values_list("error", flat=True)
    assert [error.startswith(REASON) for error in errors] == [True] * len(bad)
    assert set(sandbox.ledger.purchases.values()) == {1}
    assert SearchJob.objects.credits() == sandbox.ledger.spent == 10 - len(bad)
    assert sum(SearchJob.objects.values_list("requested", flat=True)) == 10
    assert len(posts) <= len(bad) * (2 * math.ceil(math.log2(10)) + 1)


def test_one_bad_row_of_thousands_costs_two_posts_a_halving(sandbox, posts, queue):
    """Some twenty refused or smaller requests, instead of thousands of single ones."""
    queue(3000, 1234)
    finish(sandbox)
    assert len(posts) <= 2 * math.ceil(math.log2(3000)) + 1
    assert [crm_id for crm_id, status in statuses().items() if status != "valid"] == ["lead-1234"]


@pytest.mark.parametrize("count", [40, 1500])
def test_a_batch_of_bad_rows_alone_is_no_flood_of_posts(sandbox, posts, queue, count):
    """After some rows have failed alone and Enrow has accepted none, each part that is left is sent once, and fails."""
    queue(count, *range(count))
    finish(sandbox)
    assert len(posts) <= 2 * (halving._MOST_FAILED + math.ceil(math.log2(count)))
    assert set(statuses().values()) == {"failed"}
    assert set(SearchJob.objects.values_list("state", flat=True)) == {"failed"}
    assert sandbox.ledger.spent == 0


def test_beside_good_rows_many_bad_ones_are_looked_for(sandbox, posts, queue):
    """A first part that is bad throughout, as a list with two sources has it, keeps no good row from being bought."""
    queue(120, *range(30, 60))
    finish(sandbox)
    assert sorted(statuses().values()) == ["failed"] * 30 + ["valid"] * 90
    assert max(SearchJob.objects.filter(state="failed").values_list("requested", flat=True)) == 1


def test_there_is_an_end_beside_good_rows_too(sandbox, posts, queue, monkeypatch):
    """A list of bad rows is for a person to fix; what was good among the first is bought all the same."""
    monkeypatch.setattr(halving, "_MOST_FAILED_BESIDE_GOOD", 5)
    monkeypatch.setattr(halving, "_MOST_FAILED", 5)
    queue(200, *range(1, 200))
    finish(sandbox)
    assert len(posts) < 40
    assert statuses()["lead-0"] == "valid"


def test_a_part_is_like_its_batch(sandbox, posts, make_leads):
    """Who asked, the run, the country, overwriting, and the moment: the day's limit and older results see no change."""
    make_leads(4, company_domain="", company_name="Firm", country_code="FR")
    Lead.objects.filter(crm_id="lead-3").update(lastname="Refused")
    run = enrich(Lead.objects.all(), find={"email"}, overwrite=True, requested_by="ann")
    first = run.jobs().get()
    submission.submit(first.pk)
    part = SearchJob.objects.exclude(pk=first.pk).get()
    first.refresh_from_db()
    same = ("run", "kind", "country_code", "overwrite", "requested_by", "created_at", "state", "last_error")
    assert [getattr(part, name) for name in same] == [getattr(first, name) for name in same]
    assert (part.part_of, first.part_of) == (first.pk, None)
    assert [(job.requested, job.credits_reserved) for job in (first, part)] == [(2, 2), (2, 2)]
    places = LeadSearch.objects.order_by("job__part_of", "position").values_list("job", "position")
    assert sorted(places) == sorted([(first.pk, 0), (first.pk, 1), (part.pk, 0), (part.pk, 1)])
    assert set(run.jobs()) == {first, part}
    finish(sandbox)
    assert {job.part_of for job in run.jobs()} == {None, first.pk}


def test_who_shares_a_purchase_goes_where_it_goes(sandbox, posts, make_leads):
    """The same people under other crm_ids, in this run and in a later one, get what their purchase brings."""
    make_leads(4)
    Lead.objects.filter(crm_id="lead-0").update(company_domain=BAD)
    make_leads(4, prefix="twin")
    Lead.objects.filter(crm_id="twin-0").update(company_domain=BAD)
    enrich(Lead.objects.all(), find={"email"})
    make_leads(4, prefix="late")
    later = enrich(Lead.objects.filter(crm_id__startswith="late"), find={"email"})
    finish(sandbox)
    assert statuses() == {
        f"{who}-{number}": "failed" if number == 0 and who != "late" else "valid"
        for who in ("lead", "twin", "late")
        for number in range(4)
    } | {"late-0": "valid"}
    assert sandbox.ledger.spent == 4
    assert later.progress().is_over
    assert later.jobs().count() == SearchJob.objects.count()


def test_after_the_lead_is_fixed_it_alone_is_searched_again(sandbox, posts, queue):
    """``enrow_jobs --retry`` of the job that failed buys one search."""
    queue(6, 2)
    finish(sandbox)
    Lead.objects.filter(crm_id="lead-2").update(company_domain="fixed.com")
    del posts[:]
    call_command("enrow_jobs", "--state", "failed", "--retry")
    finish(sandbox)
    assert posts == [1]
    assert set(statuses().values()) == {"valid"}


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (RowRefused("Enrow answered 400: No."), 2),
        (RowRefused("Enrow answered 400: No.", row=99), 2),
        (Refused("Enrow answered 400: Invalid webhook."), 1),
    ],
)
def test_only_what_may_be_a_rows_fault_is_taken_apart(queue, error, parts):
    """What all rows share, no half of them does without."""
    job = queue(4)
    SearchJob.objects.update(state="sending")
    submission._refused(job, error)
    assert list(SearchJob.objects.values_list("state", flat=True)) == ["queued" if parts == 2 else "failed"] * parts


@pytest.mark.parametrize("state", ["expired", "cancelled", "running", "finished"])
def test_a_job_that_does_not_wait_for_its_answer_is_not_taken_apart(queue, state):
    """Somebody gave it up meanwhile, and its leads may be searched elsewhere."""
    job = queue(4)
    SearchJob.objects.update(state=state)
    assert not halving.halve(job.pk, "No.", among=submission._UNANSWERED)
    assert SearchJob.objects.count() == 1


def test_parts_are_sent_the_youngest_first(sandbox, posts, queue):
    """So the first row stands alone after one descent, while the larger parts still wait."""
    job = queue(16, *range(16))
    for _ in range(5):
        submission.submit_next()
    assert posts == [16, 8, 4, 2, 1]
    job.refresh_from_db()
    assert (job.state, job.requested) == ("failed", 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["_move", "_size", "_part_of"])
def test_a_crash_in_between_changes_nothing(queue, monkeypatch, step):
    """Every purchase stays where it was, in one job, protected by the index."""
    job = queue(4)
    SearchJob.objects.update(state="sending")
    before = list(LeadSearch.objects.order_by("pk").values())

    def crash(*arguments, **more):
        raise RuntimeError

    monkeypatch.setattr(halving, step, crash)
    with pytest.raises(RuntimeError):
        halving.halve(job.pk, "No.", among=["sending"])
    assert list(LeadSearch.objects.order_by("pk").values()) == before
    assert SearchJob.objects.get().state == "sending"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_joins_while_a_batch_is_taken_apart_is_not_left_behind(queue, make_leads):
    """The purchase moves to another job while somebody waits to share it: that lead goes where it went."""
    job = queue(4)
    SearchJob.objects.update(state="sending")
    [last] = LeadSearch.objects.filter(position=3)
    other = SearchJob.objects.create(run=job.run, kind=job.kind)

    def join():
        with transaction.atomic():
            return purchases.share(other, "leads.lead", [Wanted("twin", last.fingerprint.hex, "", None)])

    with uncommitted(then=join) as results:
        assert halving.halve(job.pk, "No.", among=["sending"])
    [[shared]] = results
    bought, twin = LeadSearch.objects.get(pk=last.pk), LeadSearch.objects.get(crm_id="twin")
    assert bought.job_id != job.pk
    assert twin.job_id == shared.job_id == bought.job_id
