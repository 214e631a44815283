"""Results meet their searches and leads: matched, never guessed; written once; a person's edit wins."""

from __future__ import annotations

from decimal import Decimal

import pytest

from enrow_webhooks.client.values import Answer, Result, SearchStatus, Verdict
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.leads.answers import VIA, done, effects, found, missed
from tests.leads.newer import written_later
from tests.leads.races import uncommitted

pytestmark = pytest.mark.django_db


def test_a_persons_edit_wins(running):
    """A value that appeared while the search ran is kept; the result stays in the history."""
    job = running(1)
    Lead.objects.update(email="by-hand@x.com")
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert Lead.objects.get().email == "by-hand@x.com"
    assert LeadSearch.objects.get().value == "x@firm.com"
    assert effects(job) == {"lead-0": "kept"}


@pytest.mark.parametrize(
    ("now", "email", "effect"), [("old@x.com", "x@firm.com", "written"), ("by-hand@x.com", "by-hand@x.com", "kept")]
)
def test_overwriting_compares_with_the_value_seen_at_search_time(running, now, email, effect):
    """Overwrite replaces the value that the search saw, not one that a person typed since."""
    job = running(1, overwrite=True, email="old@x.com")
    Lead.objects.update(email=now)
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert Lead.objects.get().email == email
    assert effects(job) == {"lead-0": effect}


def test_overwriting_never_erases(running):
    """Nothing found is no reason to lose what is there."""
    job = running(1, overwrite=True, email="old@x.com", email_status="valid")
    applying.apply(job.pk, done(missed("lead-0")), via=VIA)
    assert Lead.objects.values_list("email", "email_status").get() == ("old@x.com", "valid")


def test_an_older_search_never_beats_a_newer_one(running):
    """A late result of a search that was launched before the last written one is stale."""
    job = running(1)
    written_later("lead-0")
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert (Lead.objects.get().email, effects(job)) == ("", {"lead-0": "stale"})


def test_a_verdict_is_only_written_to_the_address_it_judged(running):
    """When the address was edited meanwhile, the old verdict says nothing about it."""
    job = running(1, find=(), verify=True, email="old@x.com")
    Lead.objects.update(email="new@x.com")
    applying.apply(job.pk, done(found(value="old@x.com")), via=VIA)
    assert Lead.objects.values_list("email", "email_status").get() == ("new@x.com", "")
    assert effects(job) == {"lead-0": "changed"}


def test_a_failed_verification_does_not_replace_a_verdict(running):
    """A failure says nothing about the address."""
    job = running(1, find=(), verify=True, overwrite=True, email="a@firm.com", email_status="valid")
    applying.end_without_result(job.pk, SearchJob.State.FAILED, "Enrow refused it.")
    assert Lead.objects.get().email_status == "valid"
    assert effects(job) == {"lead-0": "kept"}


def test_a_deleted_lead_is_not_brought_back(running):
    """Its result stays in the history as an orphan."""
    job = running(2)
    Lead.objects.filter(crm_id="lead-0").delete()
    applying.apply(job.pk, done(found("lead-0"), found("lead-1")), via=VIA)
    assert list(Lead.objects.values_list("crm_id", flat=True)) == ["lead-1"]
    assert effects(job) == {"lead-0": "orphan", "lead-1": "written"}


def test_never_tried_not_found_and_failed_are_three_things(running, make_leads):
    """Each has its own status on the lead."""
    job = running(3)
    make_leads(1, prefix="untried")
    odd = Result(verdict=Verdict.UNUSABLE, crm_id="lead-2")
    applying.apply(job.pk, done(found("lead-0"), missed("lead-1"), odd), via=VIA)
    statuses = dict(Lead.objects.values_list("crm_id", "email_status"))
    assert statuses == {"lead-0": "valid", "lead-1": "not_found", "lead-2": "failed", "untried-0": ""}
    assert Lead.objects.get(crm_id="lead-2").email_checked_at is None


def test_a_lead_without_a_result_fails_with_a_sentence(running):
    """A row that Enrow forgot does not stay pending for ever."""
    job = running(2)
    applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert "without a result" in LeadSearch.objects.get(crm_id="lead-1").error
    assert not LeadSearch.objects.pending().exists()


def test_a_failed_batch_costs_nothing_and_can_be_searched_again(running):
    """``general.status: failed`` ends the job visibly and frees its leads."""
    job = running(2)
    applying.apply(job.pk, Answer(status=SearchStatus.FAILED), via=VIA)
    job.refresh_from_db()
    assert (job.state, job.credits_cost) == ("failed", 0)
    assert set(Lead.objects.values_list("email_status", flat=True)) == {"failed"}
    assert enrich(Lead.objects.all(), find={"email"}).progress().searched == 2


def test_applying_twice_changes_nothing(running):
    """The second copy of an answer neither writes nor recounts, also when a person edited in between."""
    job = running(2)
    answer = done(found("lead-0"), missed("lead-1"))
    assert applying.apply(job.pk, answer, via=VIA)
    Lead.objects.filter(crm_id="lead-0").update(email="")
    before = list(SearchJob.objects.values()), list(LeadSearch.objects.order_by("pk").values())
    assert not applying.apply(job.pk, answer, via=SearchJob.Via.POLL)
    after = list(SearchJob.objects.values()), list(LeadSearch.objects.order_by("pk").values())
    for rows in (*before, *after):
        for row in rows:
            row.pop("written_at", None)
    assert before == after
    assert Lead.objects.get(crm_id="lead-0").email == ""


def test_a_late_result_of_an_expired_job_is_welcome(running):
    """It was paid for."""
    job = running(1)
    applying.end_without_result(job.pk, SearchJob.State.EXPIRED, "Nothing came by the deadline.")
    assert Lead.objects.get().email_status == "failed"
    assert applying.apply(job.pk, done(found("lead-0")), via=VIA)
    assert Lead.objects.values_list("email", "email_status").get() == ("x@firm.com", "valid")
    assert SearchJob.objects.get().state == "finished"


@pytest.mark.parametrize(
    ("find", "answer", "cost"),
    [
        (("email",), done(found("lead-0"), missed("lead-1"), cost=Decimal("7.25")), "7.25"),
        (("email",), done(found("lead-0"), missed("lead-1")), "1"),
        (("phone",), done(found("lead-0", "+15705551234"), found("lead-1", "+15705551235")), "80"),
    ],
)
def test_the_cost_is_enrows_own_figure_or_the_price_of_what_was_found(running, find, answer, cost):
    """Decimal, to the quarter."""
    job = running(2, find)
    applying.apply(job.pk, answer, via=VIA)
    assert SearchJob.objects.get().credits_cost == Decimal(cost)


@pytest.mark.parametrize(
    ("number", "country", "phone"),
    [
        ("+1 570-555-1234", "", ("+15705551234", "US")),
        ("+33612345678", "FR", ("+33612345678", "FR")),
        ("ext. 12345", "", ("ext. 12345", "")),
    ],
)
def test_phones_are_stored_in_e164_with_their_country(running, number, country, phone):
    """What Google's library cannot read stays as it came: it was paid for."""
    job = running(1, ("phone",))
    applying.apply(job.pk, done(found("lead-0", number, country=country)), via=VIA)
    assert Lead.objects.values_list("phone", "phone_country").get() == phone


@pytest.mark.parametrize(("state", "cost"), [("expired", None), ("failed", 0), ("cancelled", 0)])
def test_what_expired_may_have_been_billed_all_the_same(running, state, cost):
    """Its worst case stays reserved; what Enrow refused, or never got, is free."""
    job = running(2)
    applying.end_without_result(job.pk, state, "Nothing came.")
    job.refresh_from_db()
    assert (job.credits_cost, SearchJob.objects.credits()) == (cost, 2 if cost is None else 0)


@pytest.mark.parametrize(("cost", "booked"), [(None, 2), (Decimal(0), 0), (Decimal(5), 5)])
def test_enrows_own_figure_of_the_cost_is_booked(running, cost, booked):
    """Also when it is nothing; without one, the price of what was found."""
    job = running(3)
    applying.apply(job.pk, done(found("lead-0"), found("lead-1"), missed("lead-2"), cost=cost), via=VIA)
    job.refresh_from_db()
    assert job.credits_cost == booked


def test_a_verification_costs_as_much_when_the_address_is_invalid(make_leads):
    """Enrow bills the verdict, whichever it is."""
    make_leads(1, email="ann@firm.com")
    job = enrich(Lead.objects.all(), verify=True).jobs().get()
    SearchJob.objects.update(state="running")
    applying.apply(job.pk, done(missed("lead-0", value="ann@firm.com")), via=VIA)
    job.refresh_from_db()
    assert job.credits_cost == Decimal("0.25")


def test_a_job_keeps_the_id_that_enrows_answer_gave(running):
    """An event may name the search otherwise; only a job without an id takes the event's."""
    job = running(1)
    applying.apply(job.pk, done(found("lead-0")), via=VIA, enrow_id="another-name")
    job.refresh_from_db()
    assert job.enrow_id == "enrow-1"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_is_applied(running):
    """An event and a poll bring a result each: the second waits for the first, and finds that the job has ended."""
    job = running(1)

    def second():
        return applying.apply(job.pk, done(found("lead-0", "second@x.com")), via=VIA)

    with uncommitted(then=second) as results:
        assert applying.apply(job.pk, done(found("lead-0", "first@x.com")), via=VIA)
    assert results == [False]
    assert Lead.objects.get().email == LeadSearch.objects.get().value == "first@x.com"
