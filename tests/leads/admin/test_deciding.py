"""Resume, send again, search again: what can cost credits shows a page first, and only what it showed is done."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from leads.admin import deciding
from leads.enrichment import enrich
from leads.models import EnrichmentRun, Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.outbox.tally import Counts
from tests.conftest import finish
from tests.leads.admin_pages import HOSTILE, list_page, login, row_page, run_action, said, text

pytestmark = pytest.mark.django_db(transaction=True)

State = SearchJob.State


@pytest.fixture
def job(sandbox, make_leads):
    """A queued job of two leads."""
    make_leads(2)
    return enrich(Lead.objects.all(), find={"email"}).jobs().get()


@pytest.fixture
def lost(sandbox, job):
    """That job, accepted by Enrow, its answer lost."""
    sandbox.configure(chaos="lost-answer")
    submission.submit(job.pk)
    sandbox.configure(chaos="")
    job.refresh_from_db()
    assert job.state == State.UNCONFIRMED
    return job


@pytest.fixture
def failed(sandbox, make_leads):
    """A batch of three that Enrow says has failed, and whose leads were fixed since."""
    for number in range(3):
        make_leads(1, prefix=f"bad{number}", firstname=f"Bo{number}", company_domain="failed.example")
    job = enrich(Lead.objects.all(), find={"email"}).jobs().get()
    finish(sandbox)
    Lead.objects.update(company_domain="fixed.com")
    return SearchJob.objects.get(pk=job.pk, state=State.FAILED)


def state_of(job) -> str:
    return SearchJob.objects.get(pk=job.pk).state


def test_a_held_job_is_resumed_at_once(admin_client, job, sandbox, enrow):
    """No page: it costs what was confirmed when it was queued."""
    SearchJob.objects.update(state=State.HELD)
    assert "Resumed: 1." in said(run_action(admin_client, "resume", [job]))
    assert SearchJob.objects.get().last_error == "Resumed by admin."
    assert state_of(job) == "queued"
    assert "Not resumed: 1; only held jobs can be, and not while their run is paused." in said(
        run_action(admin_client, "resume", [job])
    )


def test_sending_again_first_says_what_may_be_billed_twice(admin_client, lost, sandbox):
    """The page names job and credits, and nothing is sent before Confirm; then the risk is the person's."""
    page = run_action(admin_client, "resend", [lost])

    shown = text(page)
    assert page.context["bill"].worst_case == 2
    assert "then they are billed twice" in shown
    headers = re.findall(r'<th scope="col">([^<]+)', shown)
    assert {"Search job", "Sent", "Searches", "Credits", "What happened"} <= set(headers)
    assert f'href="{row_page(lost)}"' in shown
    assert state_of(lost) == "unconfirmed"

    again = run_action(admin_client, "resend", [lost], confirm="Confirm", max_credits="2")
    assert "Sent again: 1." in said(again)
    finish(sandbox)
    assert Lead.objects.exclude(email="").count() == 2
    assert set(sandbox.ledger.purchases.values()) == {2}
    assert "Not sent again: 1; only unconfirmed jobs can be." in said(
        run_action(admin_client, "resend", [lost], confirm="Confirm", max_credits="2")
    )


@pytest.mark.parametrize("action", ["resend", "retry"])
@pytest.mark.parametrize(("above", "prefilled"), [(1, None), (2, Decimal(2)), (3, Decimal(2))])
def test_a_large_amount_is_typed_by_the_person(admin_client, job_in, enrow, action, above, prefilled):
    """The field is empty and required, with the worst case beside it; what is not large stands in it."""
    job = job_in("unconfirmed" if action == "resend" else "failed")
    Lead.objects.update(company_domain="fixed.com")
    enrow(CONFIRM_ABOVE_CREDITS=above)

    page = run_action(admin_client, action, [job])

    assert page.context["form"]["max_credits"].value() == prefilled
    assert re.search(r'name="max_credits"[^>]* required', text(page))
    assert "The worst case: 2 credits, less than 1 % of what the account has (" in text(page)
    empty = run_action(admin_client, action, [job], confirm="Confirm", max_credits="")
    assert "Write how many credits may be spent." in text(empty)
    assert "The worst case: 2 credits, less than 1 %" in text(empty)
    assert SearchJob.objects.count() == 1
    run_action(admin_client, action, [job], confirm="Confirm", max_credits="2")
    assert SearchJob.objects.queued().credits() == 2


def test_jobs_that_do_not_fit_are_not_sent_again(admin_client, lost):
    """A job is sent again as a whole or not at all."""
    done = run_action(admin_client, "resend", [lost], confirm="Confirm", max_credits="1.5")
    assert said(done) == "Not sent again: 1; that would cost more than 1.50 credits, or than today allows."
    assert state_of(lost) == "unconfirmed"


def test_only_the_jobs_that_were_shown_are_sent_again(admin_client, lost):
    """The form carries the unconfirmed jobs one by one, also when "all" was ticked: later ones were not agreed to."""
    other = SearchJob.objects.create(run=lost.run, kind="find_phone", state=State.RUNNING, requested=1)
    page = run_action(admin_client, "resend", [other], select_across="1")
    assert page.context["chosen"] == [lost.pk]
    assert 'name="select_across" value="0"' in text(page)


def test_nothing_to_send_again_needs_no_page(admin_client, job):
    """A queued job is not asked about."""
    assert "Only unconfirmed jobs can be sent again." in said(run_action(admin_client, "resend", [job]))


def test_too_many_jobs_are_sent_to_the_command(admin_client, lost, monkeypatch):
    """What no page can show no page confirms."""
    monkeypatch.setattr(deciding, "_MOST_SENT_AGAIN", 0)
    assert "manage.py enrow_jobs --resend" in said(run_action(admin_client, "resend", [lost]))
    assert state_of(lost) == "unconfirmed"


def test_searching_again_first_says_what_it_costs(admin_client, failed, sandbox):
    """Leads, worst case and balance are shown, no row is written; Confirm queues them in the person's name."""
    page = run_action(admin_client, "retry", [failed])

    assert (page.context["failures"], page.context["bill"].worst_case) == (3, 3)
    assert page.context["rows"] == [("find e-mail", Counts(searched=3, shared=0, reused=0, skipped=0))]
    assert page.context["balance"] == sandbox.ledger.balance
    assert "Nothing has been spent yet." in text(page)
    assert (SearchJob.objects.count(), sandbox.ledger.spent) == (1, 0)

    cap = page.context["form"]["max_credits"].value()
    done = run_action(admin_client, "retry", [failed], confirm="Confirm", max_credits=cap)
    again = SearchJob.objects.exclude(pk=failed.pk).get()
    assert (again.requested, again.requested_by) == (3, "admin")
    assert "Search again, 3 asked for: 3 queued; 3 credits reserved." in said(done)
    assert list_page(SearchJob, run=again.run) in said(done)
    finish(sandbox)
    assert Lead.objects.exclude(email="").count() == 3


def test_what_failed_since_the_page_was_shown_is_not_bought(admin_client, failed, sandbox):
    """The worst case that was shown is the cap."""
    done = run_action(admin_client, "retry", [failed], confirm="Confirm", max_credits="2")
    assert "Search again, 3 asked for: 2 queued, 1 skipped; 2 credits reserved." in said(done)


@pytest.mark.parametrize("cap", ["", "lots", "-1"])
def test_a_form_without_a_cap_shows_the_page_again(admin_client, failed, cap):
    """A forged or broken form buys nothing."""
    page = run_action(admin_client, "retry", [failed], confirm="Confirm", max_credits=cap)
    assert page.context["bill"].worst_case == 3
    assert SearchJob.objects.count() == 1


def test_searching_again_twice_buys_once(admin_client, failed, sandbox):
    """A double click finds the searches under way; later the leads have their result."""
    for _ in range(2):
        run_action(admin_client, "retry", [failed], confirm="Confirm", max_credits="100")
    finish(sandbox)
    run_action(admin_client, "retry", [failed], confirm="Confirm", max_credits="100")
    finish(sandbox)
    assert max(sandbox.ledger.purchases.values()) == 1


def test_who_cannot_be_searched_again_is_named(admin_client, failed):
    """A lead that still cannot be sent is skipped with its sentence, escaped."""
    Lead.objects.filter(crm_id="bad0-0").update(company_domain="")
    Lead.objects.filter(crm_id="bad1-0").update(company_domain=HOSTILE)
    shown = text(run_action(admin_client, "retry", [failed]))
    assert "bad0-0: It has no company: fill company_domain or company_name." in shown
    assert HOSTILE not in shown


def test_nothing_failed_needs_no_page(admin_client, job, sandbox):
    """Not while a job runs, and not when everybody was found or not found."""
    sentence = "Nothing failed in these jobs, or they have not ended yet."
    assert sentence in said(run_action(admin_client, "retry", [job]))
    finish(sandbox)
    assert sentence in said(run_action(admin_client, "retry", [job]))


def test_what_was_refused_is_written_again_free_of_charge(admin_client, one_email, sandbox):
    """The page says that it costs nothing, and the answer how it went."""
    lead = one_email()
    job = SearchJob.objects.get(refused=1)
    page = run_action(admin_client, "retry", [job])
    assert (page.context["failures"], page.context["refused"], page.context["bill"].worst_case) == (0, 1, 0)
    assert "1: written again, free of charge" in text(page)
    assert "Written: 0, refused again: 1." in said(
        run_action(admin_client, "retry", [job], confirm="Confirm", max_credits="0")
    )
    Lead.objects.filter(crm_id="taken-0").delete()
    assert "Written: 1, refused again: 0." in said(
        run_action(admin_client, "retry", [job], confirm="Confirm", max_credits="0")
    )
    lead.refresh_from_db()
    assert lead.email_status == "valid"


def test_the_limit_of_a_user_counts_what_is_searched_and_sent_again(admin_client, failed, enrow):
    """In the admin; the command counts against no user."""
    enrow(USER_DAILY_CREDIT_LIMIT=2)
    page = run_action(admin_client, "retry", [failed])
    assert page.context["bill"].worst_case == 2
    run_action(admin_client, "retry", [failed], confirm="Confirm", max_credits="9")
    assert SearchJob.objects.queued().get().requested == 2
    assert EnrichmentRun.objects.latest("created_at").via == "admin"


def test_what_the_limit_of_a_user_does_not_cover_is_not_given_up(admin_client, lost, enrow):
    """A job is sent again as a whole or not at all."""
    enrow(USER_DAILY_CREDIT_LIMIT=1)
    assert "Not sent again: 1" in said(run_action(admin_client, "resend", [lost], confirm="Confirm", max_credits="9"))
    assert state_of(lost) == "unconfirmed"
    enrow(USER_DAILY_CREDIT_LIMIT=2)
    run_action(admin_client, "resend", [lost], confirm="Confirm", max_credits="9")
    assert SearchJob.objects.queued().get().requested == 2


def test_too_many_leads_are_sent_to_the_command(admin_client, failed, monkeypatch):
    """A request that would time out is refused with the name of the command that can do it."""
    monkeypatch.setattr(deciding, "_MOST_SEARCHED_AGAIN", 2)
    assert "use manage.py enrow_jobs --retry" in said(run_action(admin_client, "retry", [failed]))


@pytest.mark.parametrize("action", ["resume", "resend", "retry"])
def test_who_may_only_view_jobs_decides_nothing(lost, sandbox, action):
    """Neither offered nor done, with or without the page."""
    client = login("view_searchjob", "change_lead")
    assert f'value="{action}"' not in text(client.get(list_page(SearchJob)))
    SearchJob.objects.update(state=State.HELD if action == "resume" else State.UNCONFIRMED)
    LeadSearch.objects.update(outcome="error")
    before = SearchJob.objects.values().get()
    run_action(client, action, [lost], confirm="Confirm", max_credits=Decimal(100))
    assert SearchJob.objects.values().get() == before
