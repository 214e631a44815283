"""Which result belongs to which search: by id, crm_id, position and address, else by its echo; never a guess."""

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


def of(number, **more):
    """Return a hit whose inputs Enrow echoes as those of this lead."""
    echo = FindEmail(fullname=f"Ann{number} Somebody", company_domain=f"firm{number}.com")
    return found(value=f"{number}@x.com", echo=echo, **more)


STRANGER = FindEmail(fullname="Bob Somebody", company_domain="https://www.resolved.com/")


@pytest.mark.parametrize("names", [{"crm_id": "lead-1"}, {"index": 1}, {"crm_id": "lead-1", "index": 1}], ids=str)
def test_an_echo_that_was_resolved_overrules_neither_custom_nor_place(running, names):
    """Nobody promises that Enrow repeats the inputs as they were sent."""
    job = running(2)
    applying.apply(job.pk, done(of(0, crm_id="lead-0"), found(value="1@x.com", echo=STRANGER, **names)), via=VIA)
    assert emails() == ["0@x.com", "1@x.com"]
    assert not aside().exists()


def emails():
    return list(Lead.objects.order_by("crm_id").values_list("email", flat=True))


def aside():
    return LeadSearch.objects.filter(effect="aside")


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"crm_id": "lead-0", "index": 1},
        {"crm_id": "lead-1", "index": 0},
        {"crm_id": "lead-0", "index": 7},
        {"crm_id": "somebody-else"},
        {"crm_id": "somebody-else", "index": 0},
        {"index": 7},
    ],
    ids=str,
)
def test_the_echo_decides_where_custom_and_place_are_missing_or_contradict(running, names):
    """It is what was searched, word for word: of three witnesses it makes two."""
    job = running(2)
    applying.apply(job.pk, done(of(1, **names)), via=VIA)
    assert emails() == ["", "1@x.com"]
    assert not aside().exists()


@pytest.mark.parametrize("index", [0, 7])
def test_our_own_custom_is_worth_more_than_a_place(running, index):
    """We sent it for this row; the echo says nothing of either."""
    job = running(2)
    applying.apply(job.pk, done(found("lead-1", "1@x.com", index=index, echo=STRANGER)), via=VIA)
    assert emails() == ["", "1@x.com"]


@pytest.mark.parametrize("names", [{}, {"crm_id": "lead-0"}, {"index": 7}, {"index": 0}], ids=str)
@pytest.mark.parametrize("find", ["email", "phone"])
def test_the_result_of_a_single_search_is_its_own(running, names, find):
    """It was asked for by its id: neither a place nor an echo makes it another's."""
    job = running(1, find=(find,))
    value = "1@x.com" if find == "email" else "+33612345678"
    applying.apply(job.pk, done(found(value=value, echo=STRANGER, **names)), via=VIA)
    assert Lead.objects.filter(**{find: value}).exists()


def test_a_single_result_that_names_another_lead_is_kept_aside_and_costs(running):
    """Both came with one id: it is not guessed which is wrong. The hit is billed all the same."""
    job = running(1)
    applying.apply(job.pk, done(found("lead-7", "7@x.com")), via=VIA)
    job.refresh_from_db()
    assert emails() == [""]
    assert (job.state, job.credits_cost, job.kept_aside) == ("finished", 1, 1)
    orphan = aside().get()
    assert (orphan.crm_id, orphan.value, orphan.outcome) == ("lead-7", "7@x.com", "found")


def test_a_hit_that_fits_nobody_is_paid_for(running):
    """Enrow gives no figure for a batch: each hit counts, also a stranger; a repeat of one counts once."""
    job = running(3)
    hit = found("lead-0", "0@x.com")
    applying.apply(job.pk, done(hit, hit, found("stranger", "s@x.com"), missed("lead-1")), via=VIA)
    job.refresh_from_db()
    assert (job.credits_cost, job.kept_aside) == (2, 1)


def test_the_cost_of_rows_that_enrow_left_out_is_counted_by_its_own_figure(running):
    """Its answer counts three hits and tells one; never more than what was asked for."""
    for hits, cost in ((3, 3), (99, 3), (0, 1), (None, 1)):
        job = running(3)
        applying.apply(job.pk, done(found("lead-0", "0@x.com"), hits=hits), via=VIA)
        job.refresh_from_db()
        assert job.credits_cost == cost
        SearchJob.objects.all().delete()
        Lead.objects.all().delete()


@pytest.mark.parametrize(
    "stranger",
    [{"crm_id": "somebody-else"}, {"index": 7}, {"index": 2}, {"index": -1}, {}],
    ids=["crm_id", "far", "one behind", "before", "nothing"],
)
def test_a_result_that_fits_no_row_is_kept_aside(running, stranger):
    """Neither an unknown crm_id nor a position outside the batch is squeezed onto a lead."""
    job = running(2)
    applying.apply(job.pk, done(Result(verdict=Verdict.FOUND, value="a@b.com", **stranger)), via=VIA)
    assert LeadSearch.objects.filter(effect="aside", value="a@b.com").count() == 1
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
    assert not LeadSearch.objects.filter(effect="aside").exists()


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


def test_a_verdict_is_about_its_address_wherever_it_stands(make_leads):
    """An older Enrow may number the rows of a verification; which verdict is whose, the address says."""
    make_leads(1, prefix="a", email="ann@firm.com")
    make_leads(1, prefix="b", email="bob@firm.com")
    job = enrich(Lead.objects.all(), verify=True).jobs().get()
    SearchJob.objects.update(state="running")
    answers = (missed(value="bob@firm.com", index=0), found(value="ann@firm.com", index=1), found(value="c@firm.com"))
    applying.apply(job.pk, done(*answers), via=VIA)
    assert dict(Lead.objects.values_list("crm_id", "email_status")) == {"a-0": "valid", "b-0": "invalid"}
    assert aside().get().value == "c@firm.com"


@pytest.mark.parametrize(
    ("find", "result", "reason"),
    [
        ("email", found("lead-0", "not-an-email"), "is not an e-mail address"),
        ("phone", found("lead-0", "12", country="FR"), "is not a possible phone number"),
        ("phone", found("lead-0", "ask the desk", country="FR"), "is not a phone number"),
        ("phone", found("lead-0", "1" * 40), "is not a phone number"),
        ("phone", found("lead-0", "1" * 16), "is not a phone number"),
        ("email", Result(verdict=Verdict.WORTHLESS, value="7", crm_id="lead-0"), "no value that can be read"),
        ("email", Result(verdict=Verdict.UNUSABLE, value="a@b.com", crm_id="lead-0"), "does not document"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_hit_that_cannot_be_used_keeps_what_came_and_costs(running, find, result, reason, count):
    """Nothing of it reaches the lead, and nobody reads "not found" where Enrow took credits for a hit."""
    job = running(count, find=(find,))
    applying.apply(job.pk, done(result), via=VIA)
    search, lead = LeadSearch.objects.get(crm_id="lead-0"), Lead.objects.get(crm_id="lead-0")
    assert (search.outcome, search.value, reason in search.error) == ("unusable", result.value, True), search.error
    # Who may not view found values sees the error all the same.
    assert result.value not in search.error or result.value == "7"
    assert (getattr(lead, find), getattr(lead, f"{find}_status")) == ("", "failed")
    job.refresh_from_db()
    assert (job.found, job.credits_cost) == (0, {"email": 1, "phone": 40}[find])
