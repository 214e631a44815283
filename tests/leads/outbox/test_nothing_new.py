"""A run that learns nothing writes nothing; a value that a person erased stays away; dates say when Enrow was asked."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from enrow_webhooks.client.values import Kind
from leads.enrichment import enrich, estimate
from leads.management.reports import tally_lines
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import applying
from leads.skips import Reason
from tests.conftest import finish, work
from tests.leads.answers import VIA, done, found

pytestmark = pytest.mark.django_db

EMAIL = {"find": {"email"}}
VERIFY = {"verify": True, "overwrite": True}
FINDS = {"email": Kind.FIND_EMAIL, "phone": Kind.FIND_PHONE}
ASKED = {"email": EMAIL, "phone": {"find": {"phone"}}, "verify": VERIFY}


def run(sandbox, queryset=None, **asked):
    """Enrich, work until all is done, and return what was planned."""
    tally = enrich(Lead.objects.all() if queryset is None else queryset, **asked).tally
    finish(sandbox)
    return tally


def days_pass(days):
    """Let what was done be done so many days ago."""
    span = dt.timedelta(days=days)
    SearchJob.objects.update(
        created_at=F("created_at") - span, sent_at=F("sent_at") - span, finished_at=F("finished_at") - span,
        written_at=F("written_at") - span,
    )  # fmt: skip
    Lead.objects.update(
        created_at=F("created_at") - span, email_checked_at=F("email_checked_at") - span,
        phone_checked_at=F("phone_checked_at") - span,
    )  # fmt: skip


def rows():
    """Return all that a run may write."""
    leads = Lead.objects.order_by("pk").values()
    return list(leads), SearchJob.objects.count(), LeadSearch.objects.count()


@pytest.mark.parametrize("kind", ASKED)
def test_a_nightly_run_that_learns_nothing_writes_nothing(make_leads, sandbox, kind):
    """Leads with and without a hit, four nights: rows and dates stay those of the first night, and nothing is spent."""
    make_leads(5, email="ann@firm.com" if kind == "verify" else "")
    nobody = {"lastname": "Nobody", "linkedin_url": "https://www.linkedin.com/in/ann-nobody/"}
    make_leads(5, prefix="no", **nobody, email="bounces@firm.com" if kind == "verify" else "")
    run(sandbox, **ASKED[kind])
    before, spent = rows(), sandbox.ledger.spent
    for _ in range(3):
        tally = run(sandbox, **ASKED[kind])
        assert (tally.to_search.total(), tally.shared.total(), tally.reused.total()) == (0, 0, 0)
        assert rows() == before
    assert sandbox.ledger.spent == spent
    (sentence,) = {skip.sentence[:26] for skip in tally.examples if skip.reason is Reason.NOTHING_NEW}
    assert sentence.startswith("Enrow was asked lately")
    assert any("nothing is new" in line for line in tally_lines(tally, is_queued=True))


def test_a_run_that_overwrites_and_learns_nothing_writes_nothing(make_leads, sandbox):
    """It would bring the value that is there, or none, which erases nothing."""
    make_leads(1)
    make_leads(1, prefix="no", lastname="Nobody")
    run(sandbox, **EMAIL)
    Lead.objects.filter(crm_id="no-0").update(email="by@hand.com", email_status="")
    before = rows()
    run(sandbox, **EMAIL, overwrite=True)
    assert rows() == before


def test_a_reused_result_bears_the_date_on_which_enrow_was_asked(make_leads, sandbox):
    """Nobody asked Enrow today."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    run(sandbox, **EMAIL)
    days_pass(20)
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    assert run(sandbox, **EMAIL).reused.total() == 1
    bought = SearchJob.objects.get(requested=1)
    assert set(Lead.objects.values_list("email_checked_at", flat=True)) == {bought.sent_at}
    days_pass(20)
    make_leads(1, prefix="c", firstname="Zoë", company_domain="acme.com")
    run(sandbox, **EMAIL)
    bought.refresh_from_db()
    assert Lead.objects.get(crm_id="c-0").email_checked_at == bought.sent_at


def test_a_reused_result_is_written_though_it_is_older_than_the_date_of_the_lead(make_leads, sandbox):
    """That date is about the company that stood there before."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    run(sandbox, **EMAIL)
    days_pass(20)
    (lead,) = make_leads(1, prefix="b", firstname="Zoë", lastname="Nobody", company_domain="wrong.com")
    run(sandbox, **EMAIL)
    Lead.objects.filter(pk=lead.pk).update(lastname="Somebody", company_domain="acme.com")
    run(sandbox, **EMAIL)
    lead.refresh_from_db()
    first, second = Lead.objects.order_by("pk")
    assert (second.email, second.email_checked_at) == (first.email, first.email_checked_at)
    assert lead.email == "zoe.somebody@acme.com"


@pytest.mark.parametrize(("days", "spent"), [(29, 0), (31, 0.25)])
def test_an_address_is_verified_again_after_its_own_window(make_leads, sandbox, days, spent):
    """Thirty days for a verdict, whatever holds for a search that finds."""
    make_leads(1, email="ann@firm.com")
    run(sandbox, **VERIFY)
    days_pass(days)
    before = sandbox.ledger.spent
    checked_at = Lead.objects.get().email_checked_at
    run(sandbox, **VERIFY)
    assert float(sandbox.ledger.spent - before) == spent
    assert (Lead.objects.get().email_checked_at > checked_at) is bool(spent)


@pytest.mark.parametrize(("lastname", "answer"), [("Somebody", "found"), ("Nobody", "not_found")])
def test_each_answer_has_its_own_window(make_leads, sandbox, enrow, lastname, answer):
    """REUSE_DAYS bounds the reuse by kind and answer, from the day on which Enrow was asked."""
    make_leads(1, prefix="a", firstname="Zoë", lastname=lastname, company_domain="acme.com")
    run(sandbox, **EMAIL)
    days_pass(10)
    make_leads(1, prefix="b", firstname="Zoë", lastname=lastname, company_domain="acme.com")
    other = {"found": "not_found", "not_found": "found"}[answer]
    for days, reused in (({answer: 9}, 0), ({other: 9}, 1), ({answer: 11, other: 0}, 1)):
        enrow(REUSE_DAYS={"find_email": days})
        tally = estimate(Lead.objects.filter(crm_id="b-0"), **EMAIL).tally
        assert (tally.reused.total(), tally.to_search.total()) == (reused, 1 - reused)


# --- Cleared is cleared.


@pytest.fixture
def erased(make_leads, sandbox):
    """A lead whose address was found and is blank now."""
    (lead,) = make_leads(1)
    run(sandbox, **EMAIL)
    assert Lead.objects.get().email
    Lead.objects.update(email="")
    return lead


@pytest.mark.parametrize("days", [0, 60, 200])
def test_a_value_that_a_person_erased_stays_away(erased, sandbox, days):
    """Also when it could be bought again; the plan says so, and nothing is written or spent."""
    days_pass(days)
    before, spent = rows(), sandbox.ledger.spent
    tally = run(sandbox, **EMAIL)
    assert (rows(), sandbox.ledger.spent) == (before, spent)
    assert tally.skipped == {(Kind.FIND_EMAIL, Reason.CLEARED): 1}
    (skip,) = tally.examples
    assert "it stays blank" in skip.sentence
    assert any("cleared since" in line for line in tally_lines(tally, is_queued=True))


def test_a_value_that_a_person_erased_comes_back_by_force(erased, sandbox):
    """Somebody asks for it."""
    run(sandbox, **EMAIL, force=True)
    assert Lead.objects.get().email


def test_a_value_that_came_from_a_reuse_can_be_erased_too(make_leads, sandbox):
    """It was written by us, and another lead had bought it."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    run(sandbox, **EMAIL)
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    run(sandbox, **EMAIL)
    Lead.objects.filter(crm_id="b-0").update(email="")
    run(sandbox, **EMAIL)
    assert Lead.objects.get(crm_id="b-0").email == ""


def test_a_value_that_came_from_a_search_begun_before_the_lead_was_there_can_be_erased_too(make_leads, sandbox):
    """The lead joined what a colleague's lead was being searched by."""
    make_leads(1, prefix="a", firstname="Zoë", company_domain="acme.com")
    enrich(Lead.objects.all(), **EMAIL)
    make_leads(1, prefix="b", firstname="Zoë", company_domain="acme.com")
    run(sandbox, **EMAIL)
    assert Lead.objects.get(crm_id="b-0").email
    Lead.objects.filter(crm_id="b-0").update(email="")
    tally = run(sandbox, **EMAIL)
    assert Lead.objects.get(crm_id="b-0").email == ""
    assert tally.skipped[Kind.FIND_EMAIL, Reason.CLEARED] == 1


def test_while_somebody_else_buys_the_person_an_erased_value_stays_away(erased, sandbox, make_leads, enrow):
    """The lead does not join the purchase of a colleague's."""
    enrow(REUSE_DAYS={"find_email": {"found": 0}})
    make_leads(1, prefix="same")
    enrich(Lead.objects.filter(crm_id="same-0"), **EMAIL)
    tally = run(sandbox, **EMAIL)
    assert tally.skipped[Kind.FIND_EMAIL, Reason.CLEARED] == 1
    assert dict(Lead.objects.values_list("crm_id", "email")) == {"lead-0": "", "same-0": "ann0.somebody@firm0.com"}


def test_another_person_in_the_lead_is_searched(erased, sandbox):
    """Nothing of theirs was erased."""
    Lead.objects.update(company_domain="right.com")
    run(sandbox, **EMAIL)
    assert Lead.objects.get().email == "ann0.somebody@right.com"


def test_another_lead_of_the_same_person_gets_the_value(erased, sandbox, make_leads):
    """It was erased there, not here."""
    make_leads(1, prefix="same")
    run(sandbox, **EMAIL)
    assert dict(Lead.objects.values_list("crm_id", "email")) == {"lead-0": "", "same-0": "ann0.somebody@firm0.com"}


def test_a_lead_that_was_deleted_and_imported_again_was_not_erased(erased, sandbox, make_leads):
    """It is another row, as of a nightly synchronisation that empties the table: it gets its value back for nothing."""
    spent = sandbox.ledger.spent
    Lead.objects.all().delete()
    make_leads(1)
    run(sandbox, **EMAIL)
    assert (Lead.objects.get().email, sandbox.ledger.spent) == ("ann0.somebody@firm0.com", spent)


def test_a_verification_erases_nothing(make_leads, sandbox):
    """It never wrote the address that is gone now."""
    make_leads(1, email="ann0.somebody@firm0.com")
    run(sandbox, **VERIFY)
    Lead.objects.update(email="")
    assert run(sandbox, **EMAIL).to_search.total() == 1


def test_leads_of_new_persons_are_asked_for_nothing_more(make_leads, sandbox):
    """Two questions per page and kind where persons are known; none where nobody was searched."""
    counts = []
    for size in (20, 600):
        for round_ in ("new", "known"):
            if round_ == "new":
                make_leads(size, prefix=f"s{size}", company_domain=f"s{size}.com", lastname="Nobody")
            with CaptureQueriesContext(connection) as captured:
                estimate(Lead.objects.filter(crm_id__startswith=f"s{size}-"), **EMAIL)
            counts.append(len(captured))
            if round_ == "new":
                run(sandbox, Lead.objects.filter(crm_id__startswith=f"s{size}-"), **EMAIL)
    assert counts[0] == counts[2]
    assert counts[1] == counts[3] == counts[0] + 2


@pytest.mark.parametrize("word", ["Worthless", "Missing", "Ongoing"])
@pytest.mark.parametrize("kind", ["email", "phone"])
def test_what_was_paid_and_brought_nothing_of_use_is_not_bought_every_night(make_leads, sandbox, kind, word):
    """Enrow took credits for a hit: as long as one is reused, nobody pays for this one again, and all can read why."""
    crowd = {"lastname": word, "linkedin_url": f"https://www.linkedin.com/in/ann-{word.lower()}/"}
    make_leads(1, prefix="odd", **crowd)
    make_leads(2)
    enrich(Lead.objects.all(), **ASKED[kind])
    work(sandbox)
    SearchJob.objects.update(sent_at=F("sent_at") - dt.timedelta(days=30))
    finish(sandbox)
    (job,) = SearchJob.objects.all()
    assert (job.state, LeadSearch.objects.get(crm_id="odd-0").outcome) == ("finished", "unusable")
    make_leads(1, prefix="twin", firstname="Ann0", company_domain="firm0.com", **crowd)
    before, spent = LeadSearch.objects.count(), sandbox.ledger.spent
    for days in (1, 50):
        days_pass(days)
        tally = run(sandbox, Lead.objects.exclude(lastname="Somebody"), **ASKED[kind])
        assert tally.skipped == {(FINDS[kind], Reason.UNUSABLE): 2}
        for skip in tally.examples:
            assert all(said in skip.sentence for said in (str(job.pk), "cannot be used", "--force")), skip.sentence
        assert (LeadSearch.objects.count(), sandbox.ledger.spent) == (before, spent)
    days_pass(40)
    tally = run(sandbox, Lead.objects.filter(crm_id="odd-0"), **ASKED[kind])
    assert tally.to_search.total() == 1


def test_force_buys_again_what_could_not_be_used(make_leads, sandbox):
    """The sentence of the skip says so."""
    make_leads(1, lastname="Worthless")
    run(sandbox, **EMAIL)
    assert run(sandbox, **EMAIL).to_search.total() == 0
    assert run(sandbox, **EMAIL, force=True).to_search.total() == 1


def test_who_got_nothing_and_cost_nothing_is_searched_again(make_leads, running):
    """Enrow left the row out, and took credits only for what it sent."""
    job = running(2)
    applying.apply(job.pk, done(found("lead-0", "ann@firm0.com")), via=VIA)
    assert dict(LeadSearch.objects.values_list("crm_id", "outcome")) == {"lead-0": "found", "lead-1": "error"}
    assert estimate(Lead.objects.all(), **EMAIL).tally.to_search.total() == 1


@pytest.mark.parametrize("email", ["mine@x.com", "n/a"])
def test_a_miss_that_erases_nothing_is_not_told_every_night(make_leads, sandbox, email):
    """Another lead of the person was searched; this one has an address, or a word, and keeps it."""
    make_leads(1, prefix="a", firstname="Ann0", lastname="Nobody", company_domain="firm0.com")
    run(sandbox, **EMAIL)
    make_leads(1, prefix="b", firstname="Ann0", lastname="Nobody", company_domain="firm0.com", email=email)
    before = rows()
    for _ in range(2):
        tally = run(sandbox, Lead.objects.filter(crm_id="b-0"), **EMAIL, overwrite=True)
        assert tally.skipped == {(Kind.FIND_EMAIL, Reason.NOTHING_NEW): 1}
    assert rows() == before


def test_what_a_newer_search_has_overtaken_is_not_told_every_night(make_leads, sandbox):
    """The verdict on another lead's address is older than the search that found it for this one."""
    make_leads(1, prefix="a", email="ann0.somebody@firm0.com", lastname="X", company_domain="y.com")
    run(sandbox, verify=True)
    days_pass(2)
    make_leads(1, prefix="b", firstname="Ann0", company_domain="firm0.com")
    leads = Lead.objects.filter(crm_id="b-0")
    run(sandbox, leads, **EMAIL)
    run(sandbox, leads, **VERIFY)
    assert set(LeadSearch.objects.filter(crm_id="b-0").values_list("effect", flat=True)) == {"written", "stale"}
    before = rows()
    for _ in range(2):
        run(sandbox, leads, **VERIFY)
        assert rows() == before


@pytest.mark.parametrize("word", ["n/a", " ", "-", "do not write to her"])
def test_who_erased_a_value_by_a_word_erased_it(erased, sandbox, word):
    """A word for nothing is as good as a blank."""
    Lead.objects.update(email=word)
    tally = run(sandbox, **EMAIL)
    assert (Lead.objects.get().email, tally.skipped) == (word, {(Kind.FIND_EMAIL, Reason.CLEARED): 1})
