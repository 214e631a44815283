"""Which result belongs to which search: by crm_id, by position, by address; never a guess."""

from __future__ import annotations

import pytest

from enrow_webhooks.client.values import FindEmail, Result, Verdict
from leads.enrichment import enrich
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from tests.leads.answers import VIA, done, found, missed

pytestmark = pytest.mark.django_db


def test_results_find_their_lead_by_crm_id_then_by_position(running):
    """``custom`` comes first, whatever the order; without it the position counts."""
    job = running(3)
    applying.apply(
        job.pk,
        done(found("lead-2", "two@x.com", index=0), found(value="zero@x.com", index=0), missed(index=1)),
        via=VIA,
    )
    assert list(Lead.objects.order_by("crm_id").values_list("email", "email_status")) == [
        ("zero@x.com", "valid"),
        ("", "not_found"),
        ("two@x.com", "valid"),
    ]


def test_a_result_whose_echo_is_another_person_is_kept_aside(running):
    """The echo of the inputs is the check: a mismatch is an orphan, never a guess."""
    job = running(2)
    search = LeadSearch.objects.get(crm_id="lead-0")
    right, wrong = (  # as the bulk GET echoes them
        Result(verdict=Verdict.FOUND, value=f"{name}@x.com", crm_id=f"lead-{number}", echo=echo)
        for number, name, echo in [
            (0, "ok", _echo("Ann0 Somebody", "firm0.com")),
            (1, "no", _echo("Bob Somebody", "firm1.com")),
        ]
    )
    applying.apply(job.pk, done(right, wrong), via=VIA)
    search.refresh_from_db()
    assert (search.value, search.effect) == ("ok@x.com", "written")
    orphan = LeadSearch.objects.get(effect="orphan")
    assert (orphan.crm_id, orphan.value, orphan.outcome) == ("lead-1", "no@x.com", "error")
    assert Lead.objects.get(crm_id="lead-1").email == ""


def _echo(name, domain):
    return FindEmail(fullname=name, company_domain=domain)


@pytest.mark.parametrize(
    "stranger",
    [{"crm_id": "somebody-else"}, {"index": 7}, {"index": 2}, {"index": -1}, {}],
    ids=["crm_id", "far", "one behind", "before", "nothing"],
)
def test_a_result_that_fits_no_row_is_kept_aside(running, stranger):
    """Neither an unknown crm_id nor a position outside the batch is squeezed onto a lead."""
    job = running(2)
    applying.apply(job.pk, done(Result(verdict=Verdict.FOUND, value="a@b.com", **stranger)), via=VIA)
    assert LeadSearch.objects.filter(effect="orphan", value="a@b.com").count() == 1
    assert set(Lead.objects.values_list("email", flat=True)) == {""}


def test_a_verification_is_matched_by_address_whatever_the_case(make_leads):
    """Rows of a bulk verification have neither custom nor position."""
    make_leads(1, prefix="a", email="Ann@Firm.com")
    make_leads(1, prefix="b", email="bob@firm.com")
    job = enrich(Lead.objects.all(), verify=True).jobs().get()
    SearchJob.objects.update(state="running")
    applying.apply(job.pk, done(missed(value="BOB@firm.com"), found(value="ann@firm.com")), via=VIA)
    assert dict(Lead.objects.values_list("crm_id", "email_status")) == {"a-0": "valid", "b-0": "invalid"}
    assert Lead.objects.get(crm_id="a-0").email == "Ann@Firm.com"


def test_a_verification_is_matched_by_the_address_that_was_sent(make_leads):
    """What nobody sees in the lead's field was not sent, and accents come back in another form."""
    make_leads(1, prefix="a", email="ann\u200b@firm.com")
    make_leads(1, prefix="b", email="rene\u0301@firm.com")
    job = enrich(Lead.objects.all(), verify=True).jobs().get()
    SearchJob.objects.update(state="running")
    applying.apply(job.pk, done(missed(value="ren\u00e9@firm.com"), found(value="ann@firm.com")), via=VIA)
    assert dict(Lead.objects.values_list("crm_id", "email_status")) == {"a-0": "valid", "b-0": "invalid"}


def test_of_two_results_for_one_search_the_first_counts(running):
    """A repeat in Enrow's answer changes nothing, and is no orphan."""
    job = running(2)
    applying.apply(job.pk, done(found("lead-0", "first@x.com"), found("lead-0", "last@x.com")), via=VIA)
    assert Lead.objects.get(crm_id="lead-0").email == "first@x.com"
    assert not LeadSearch.objects.filter(effect="orphan").exists()


def test_two_crm_ids_that_come_back_alike_are_told_apart_by_their_place(make_leads):
    """Enrow returns ``custom`` in one line: where that makes two names one, the position decides."""
    for number, crm_id in enumerate(("a b", "a  b")):
        make_leads(1, prefix=str(number), firstname=f"Ann{number}", crm_id=crm_id)
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    SearchJob.objects.update(state="running")
    places = dict(LeadSearch.objects.values_list("crm_id", "position"))
    answers = [found("a b", f"{place}@x.com", index=place) for place in (1, 0)]
    applying.apply(job.pk, done(*answers), via=VIA)
    assert dict(Lead.objects.values_list("crm_id", "email")) == {
        crm_id: f"{place}@x.com" for crm_id, place in places.items()
    }
