"""``manage.py enrow_doctor``: what needs a person is found, what is well is not cried about."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from leads.enrichment import enrich
from leads.models import AccountReading, Lead, SearchJob
from tests.commands import run
from tests.conftest import work

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "a-shared-secret-of-good-length"


def troubles(outcome):
    return [finding for finding in outcome.json["findings"] if finding["level"] != "ok"]


def hours_ago(hours):
    return timezone.now() - dt.timedelta(hours=hours)


@pytest.fixture
def healthy(site, settings):
    """A site where nothing is amiss; the tests' own settings deliberately have no pool of connections."""
    settings.SILENCED_SYSTEM_CHECKS = ["enrow.W005"]
    return site


def test_a_healthy_site_is_exit_code_zero(healthy, make_leads):
    """After a run that went well every finding is fine, and no secret or address is printed."""
    make_leads(2)
    enrich(Lead.objects.all(), find={"email"})
    work(healthy)

    outcome = run("enrow_doctor")

    assert outcome.code == 0, outcome
    assert "FIX" not in outcome.out
    assert "The key is good; the balance is 99998" in outcome.out
    assert "1 came by webhook, 0 had to be fetched" in outcome.out
    assert "Today 2.00 credits were spent" in outcome.out
    assert "sandbox-key" not in outcome.out
    assert "@" not in outcome.out
    assert run("enrow_doctor", "--json").json["ok"] is True


def test_credits_are_summed_per_day_user_and_run(healthy, make_leads):
    """Where they went is told without opening the admin."""
    make_leads(2)
    first = enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"}, requested_by="ann")
    enrich(Lead.objects.filter(crm_id="lead-1"), find={"phone"}, requested_by="bob")
    work(healthy)

    sums = {finding["subject"]: finding["sentence"] for finding in run("enrow_doctor", "--json").json["findings"]}

    assert "per user: bob 40.00 spent, 0.00 reserved; ann 1.00 spent, 0.00 reserved." in sums["credits per user"]
    assert f"{timezone.localdate()} 41.00" in sums["credits per day"]
    assert f"{first.id} 1.00" in sums["credits per run"]


def test_settings_and_key_are_reported_one_by_one(healthy, enrow):
    """Bad settings do not keep the doctor from looking further."""
    enrow(API_KEY="", TYPO=1)

    outcome = run("enrow_doctor", "--json")

    assert outcome.code == 1
    assert {finding["subject"] for finding in troubles(outcome)} == {"settings", "account"}
    assert "need a person" in outcome.err


def test_a_bad_key_and_an_empty_balance_are_found(healthy, enrow):
    """Enrow's own verdict on key and balance."""
    healthy.configure(credits=0)
    healthy.reset()
    assert "balance is 0" in troubles(run("enrow_doctor", "--json"))[0]["sentence"]
    enrow(API_KEY="bad-key")
    assert "could not be read" in troubles(run("enrow_doctor", "--json"))[0]["sentence"]


def test_a_dashboard_that_does_not_know_this_site_is_found(healthy, enrow, live_server):
    """With WEBHOOK_SECRETS set, one of Enrow's URLs must carry one of them; the secret itself is never printed."""
    enrow(WEBHOOK_SECRETS=[SECRET])
    outcome = run("enrow_doctor", "--json")
    assert [finding["subject"] for finding in troubles(outcome)] == ["dashboard"]
    assert SECRET not in outcome.out

    healthy.configure(webhooks=[f"{live_server.url}/webhooks/enrow/{SECRET}/"])
    assert run("enrow_doctor").code == 0


JOBS = {
    "held": {"state": "held", "last_error": "Insufficient credits"},
    "unconfirmed": {"state": "unconfirmed"},
    "expired": {"state": "expired", "finished_at": hours_ago(1), "written_at": hours_ago(1)},
    "failed": {"state": "failed", "finished_at": hours_ago(1), "written_at": hours_ago(1)},
    "overdue": {"state": "running", "enrow_id": "x", "next_check_at": hours_ago(1)},
    "did not reach the leads": {"state": "finished", "finished_at": hours_ago(1)},
    "had to be fetched": {
        "state": "finished",
        "finished_at": hours_ago(1),
        "written_at": hours_ago(1),
        "result_via": "poll",
    },
}


@pytest.mark.parametrize(("words", "fields"), JOBS.items(), ids=JOBS)
def test_a_job_that_needs_a_person_is_found(healthy, words, fields):
    """Each thing that can go wrong with a job has one finding, with a hint."""
    SearchJob.objects.create(
        run="00000000-0000-0000-0000-000000000000",
        kind="find_email",
        **({"next_check_at": timezone.now() + dt.timedelta(hours=1)} | fields),
    )

    found = troubles(run("enrow_doctor", "--json"))

    assert len(found) == 1
    assert words in found[0]["sentence"]
    assert found[0]["hint"]


def make_job(**fields) -> SearchJob:
    later = timezone.now() + dt.timedelta(hours=1)
    return SearchJob.objects.create(
        run="00000000-0000-0000-0000-000000000000", kind="find_email", **({"next_check_at": later} | fields)
    )


def sentences(subject) -> list[str]:
    found = run("enrow_doctor", "--json").json["findings"]
    return [finding["sentence"] for finding in found if finding["subject"] == subject]


def test_an_unconfirmed_job_needs_a_person_only_after_its_window(healthy, enrow):
    """Until then its event may still come; where none can come, at once."""
    make_job(state="unconfirmed", sent_at=timezone.now() - dt.timedelta(minutes=29))
    assert run("enrow_doctor").code == 0
    assert "1 search jobs are unconfirmed: sent less than 30 minutes ago" in sentences("unconfirmed")[0]
    enrow(UNCONFIRMED_MINUTES=28)
    (found,) = troubles(run("enrow_doctor", "--json"))
    assert "1 search jobs are unconfirmed; the latest is" in found["sentence"]
    assert "--give-up or --resend" in found["hint"]
    enrow(UNCONFIRMED_MINUTES=60, WEBHOOK_ORIGIN="")
    assert "are unconfirmed; the latest is" in " ".join(
        finding["sentence"] for finding in troubles(run("enrow_doctor", "--json"))
    )


def test_held_jobs_are_told_by_what_holds_them(healthy, enrow, settings, make_leads):
    """Each reason once, with how many wait for it and the setting to fix."""
    make_leads(2)
    for number in range(2):
        enrich(Lead.objects.filter(crm_id=f"lead-{number}"), find={"email"})
    enrow(API_KEY="bad-key")
    work(healthy)
    enrow(API_KEY="good-key", BASE_URL=f"{settings.ENROW['BASE_URL']}/wrong")
    make_leads(1, prefix="third", company_domain="third.com")
    enrich(Lead.objects.filter(crm_id="third-0"), find={"email"})
    work(healthy)

    held = sentences("held")

    assert held == [
        (
            "1 search jobs are held: Enrow answered 403: Missing Authentication Token. Check your account at Enrow and "
            'ENROW["API_KEY"]; if both are good, fix ENROW["BASE_URL"].'
        ),
        '2 search jobs are held: Enrow answered 401: This apikey is not valid; fix ENROW["API_KEY"].',
    ]
    assert healthy.ledger.spent == 0
    assert set(Lead.objects.values_list("email_status", flat=True)) == {""}


def test_what_is_left_of_the_days_limit_is_told(healthy, enrow, make_leads):
    """Spent and reserved both count."""
    make_leads(2)
    enrow(DAILY_CREDIT_LIMIT=50)
    enrich(Lead.objects.filter(crm_id="lead-0"), find={"email"})
    work(healthy)
    enrich(Lead.objects.filter(crm_id="lead-1"), find={"phone"})
    (told,) = sentences("credits")
    assert "Today 1.00 credits were spent; at most 40.00 more" in told
    assert "Of the day's limit of 50, 9.00 are left." in told


def test_unexplained_credits_need_a_person_beyond_what_was_agreed(healthy, enrow):
    """A few credits spent elsewhere are told; more may be a stranger's, unless the setting says otherwise."""
    AccountReading.objects.create(credits=100_040, taken_at=hours_ago(5))
    assert run("enrow_doctor").code == 0
    assert (
        "the balance changed by -40.00 credits; our search jobs explain +0.00, nothing explains -40.00"
        in (sentences("reconciliation")[0])
    )
    AccountReading.objects.update(credits=100_041)
    (found,) = troubles(run("enrow_doctor", "--json"))
    assert found["subject"] == "reconciliation"
    assert "UNEXPLAINED_CREDITS" in found["hint"]
    enrow(UNEXPLAINED_CREDITS=41)
    assert run("enrow_doctor").code == 0


def test_credits_that_were_bought_need_nobody(healthy):
    """A balance that grew is told with its sign."""
    AccountReading.objects.create(credits=1, taken_at=hours_ago(5))
    assert run("enrow_doctor").code == 0
    assert "changed by +99999" in sentences("reconciliation")[0]


@pytest.mark.parametrize(
    ("words", "fields"),
    [("are dead", {"state": "dead"}), ("waits for a worker", {"next_attempt_at": hours_ago(1)})],
)
def test_an_event_that_needs_a_person_is_found(healthy, words, fields):
    """Dead events, and events that no worker takes."""
    WebhookEvent.objects.create(event="x", enrow_id="1", payload="{}", **fields)

    assert words in troubles(run("enrow_doctor", "--json"))[0]["sentence"]


def test_what_lies_long_back_is_no_news(healthy):
    """An expired job of last month does not make the doctor cry for ever."""
    SearchJob.objects.create(
        run="00000000-0000-0000-0000-000000000000",
        kind="find_email",
        state="expired",
        created_at=hours_ago(24 * 30),
        finished_at=hours_ago(24 * 29),
        written_at=hours_ago(24 * 29),
    )

    assert run("enrow_doctor").code == 0
