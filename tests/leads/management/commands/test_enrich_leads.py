"""``manage.py enrich_leads``: what a person types, what it costs, what they read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import OperationalError

from enrow_webhooks.models import WebhookEvent
from enrow_webhooks.sandbox import people
from leads.models import Lead, LeadSearch, SearchJob
from leads.results import updating, waiting
from tests.commands import run, run_process
from tests.conftest import work
from tests.leads.management.workers import a_worker

pytestmark = pytest.mark.django_db(transaction=True)


def row_counts():
    return [model.objects.count() for model in (Lead, SearchJob, LeadSearch, WebhookEvent)]


def test_leads_are_queued_and_come_home(site, make_leads):
    """The command queues and returns; workers do the rest."""
    make_leads(3)

    outcome = run("enrich_leads", "--find", "email", "phone", "--yes")
    work(site)

    assert outcome.code == 0
    assert "Every lead is meant" in outcome.out
    assert "find e-mail, 3 asked for: 3 queued" in outcome.out
    assert "2 search jobs; 123 credits reserved." in outcome.out
    for lead in Lead.objects.all():
        assert lead.email == people.find_email(lead.display_name(), lead.company_domain)
        assert lead.phone


def test_waiting_ends_with_what_came_of_it(site, make_leads):
    """--wait returns when the results are on the leads, and sums up."""
    make_leads(2)

    with a_worker():
        outcome = run("enrich_leads", "--find", "email", "--wait", 30)

    assert outcome.code == 0, outcome
    last = outcome.out.splitlines()[-1]
    assert last.startswith(
        "2 asked for: 2 of 2 searched, 2 found; 0 shared, 0 reused, 0 skipped; 0 jobs at work, 0 stuck;"
    )
    assert last.endswith("; 2 credits spent, 0 reserved.")
    assert Lead.objects.exclude(email="").count() == 2


def test_time_that_is_up_is_exit_code_one(site, make_leads):
    """Without a worker the wait ends by itself, and the sentence says that the run goes on."""
    make_leads(1)

    outcome = run("enrich_leads", "--find", "email", "--wait", 0.1)

    assert outcome.code == 1
    assert "The time is up" in outcome.err
    assert SearchJob.objects.get().state == "queued"


def test_force_says_first_what_it_buys_again(site, make_leads):
    """Before anything is queued, and on stderr, so that JSON stays JSON; nothing bought lately, nothing said."""
    make_leads(3, lastname="Nobody")
    assert run("enrich_leads", "--find", "email", "--force").err == ""
    work(site)
    make_leads(1, prefix="new")

    dry = run("enrich_leads", "--find", "email", "--force", "--dry-run")
    forced = run("enrich_leads", "--find", "email", "--force", "--json")
    work(site)

    assert "find e-mail, 4 asked for: 4 to search" in dry.out
    assert "3 of the searches were bought lately and are bought again" in dry.out
    said = "--force buys 3 searches again that were bought lately; with all others the run costs at most 4 credits."
    assert said in forced.err
    assert forced.json["kinds"]["find_email"]["again"] == 3
    assert sorted(site.ledger.purchases.values()) == [1, 2, 2, 2]


def test_only_the_leads_that_are_named(site, make_leads):
    """--where, --crm-id and --limit narrow each other."""
    make_leads(4)

    where = ("--where", "crm_id__in=lead-1,lead-2", "--where", "crm_id!=lead-1")
    asked = run("enrich_leads", "--find", "email", *where, "--json").json
    limited = run("enrich_leads", "--find", "phone", "--crm-id", "lead-0", "lead-3", "--limit", 1, "--json").json

    assert asked["kinds"]["find_email"]["to_search"] == 1
    assert limited["kinds"]["find_phone"]["to_search"] == 1
    assert set(LeadSearch.objects.values_list("crm_id", "kind")) == {("lead-2", "find_email"), ("lead-0", "find_phone")}


def test_a_dry_run_writes_and_sends_nothing(site, make_leads):
    """Every table and Enrow's ledger are as they were; the estimate names skips, cost and balance."""
    make_leads(2)
    make_leads(1, prefix="twin")
    make_leads(1, prefix="blank", company_domain="")
    make_leads(1, prefix="has", email="a@x.com")
    before = row_counts()

    told = run("enrich_leads", "--find", "email", "--dry-run")
    data = run("enrich_leads", "--find", "email", "--dry-run", "--json").json

    assert told.code == 0
    assert "find e-mail, 5 asked for: 2 to search, 1 shared, 0 reused, 2 skipped" in told.out
    assert "blank-0: It has no company" in told.out
    assert (
        "1 POSTs; at most 2 credits, less than 1 % of what the account has (100,000).\nBalance: 100000 credits.\n"
        in told.out
    )
    skipped = {"missing": 1, "already": 1}
    assert data["kinds"] == {
        "find_email": {
            "asked": 5,
            "to_search": 2,
            "shared": 1,
            "reused": 0,
            "searched_lately_not_found": 0,
            "again": 0,
            "skipped": skipped,
        }
    }
    skips = {(skip["crm_id"], skip["reason"]) for skip in data["skips"]}
    assert skips == {("blank-0", "missing"), ("has-0", "already")}
    assert (data["posts"], data["worst_case_credits"]) == (1, "2")
    assert row_counts() == before
    assert (site.ledger.spent, dict(site.ledger.purchases)) == (0, {})


def test_a_dry_run_without_enrow_still_estimates(enrow, make_leads):
    """A balance that cannot be asked is one sentence, no failure."""
    make_leads(1)
    enrow(API_KEY="")

    outcome = run("enrich_leads", "--find", "email", "--dry-run", skip_checks=True)

    assert outcome.code == 0
    assert 'The balance is not known: ENROW["API_KEY"] is blank' in outcome.out


def test_max_credits_bounds_the_worst_case(site, make_leads):
    """No more is queued than the cap covers; the others are counted as skipped."""
    make_leads(5)

    data = run("enrich_leads", "--find", "phone", "--max-credits", "100", "--json").json
    work(site)

    assert (data["worst_case_credits"], data["max_credits"]) == ("80", "100")
    assert data["kinds"]["find_phone"]["skipped"] == {"over_cap": 3}
    assert site.ledger.spent <= 100


def test_what_the_balance_does_not_cover_needs_a_person(site, make_leads):
    """What can be paid is queued; how many leads are left, and what to do, is the last sentence."""
    site.configure(credits=81)
    site.reset()
    make_leads(3)

    outcome = run("enrich_leads", "--find", "phone", "--yes")

    assert outcome.code == 1
    assert "find phone, 3 asked for: 2 queued" in outcome.out
    assert outcome.err == "1 searches were not queued: the balance does not cover them; buy credits."


def test_jobs_that_need_a_person_are_named_with_reason_and_advice(site, make_leads):
    """A plan without phone search: exit code 1, the job, why it is held, and what happens next."""
    site.configure(phone_allowed=False)
    make_leads(2)

    with a_worker():
        outcome = run("enrich_leads", "--find", "phone", "--wait", 30)

    assert outcome.code == 1
    assert "is held: " in outcome.err
    assert "not allowed to use the phone search" in outcome.err
    assert "continues by itself once that is fixed" in outcome.err
    assert "1 search jobs need a person." in outcome.err


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "Nothing to do: give --find email, --find phone or --verify."),
        (("--find", "email", "--where", "emial=x"), "Did you mean email"),
        (("--find", "email", "--where", "email__like=x"), "no lookup 'like'"),
        (("--find", "email", "--crm-id", "lead-0", "ghost"), "'ghost'"),
        (("--find", "email", "--limit", "0"), "'0' is not a whole number, 1 or more"),
        (("--find", "email", "--limit", "-1"), "argument --limit"),
        (("--find", "email", "--max-credits", "-5"), "amount of credits"),
        (("--find", "email", "--max-credits", "nan"), "amount of credits"),
        (("--find", "fax"), "invalid choice"),
        (("--find", "email", "--wait", "soon"), "number of seconds"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_spends_nothing(site, make_leads, args, sentence):
    """The word that is wrong is named; no row is written."""
    make_leads(1)

    outcome = run("enrich_leads", *args)

    assert outcome.code != 0
    assert sentence in outcome.err
    assert "\n" not in outcome.err.strip()
    assert not SearchJob.objects.exists()


@pytest.mark.slow
def test_the_exit_code_and_streams_of_a_real_process(sandbox, settings, make_leads):
    """stdout holds one JSON object and nothing else, whatever is said on stderr; a wrong call ends with 2."""
    make_leads(1)
    url = settings.ENROW["BASE_URL"]

    outcome = run_process("enrich_leads", "--model", "leads.Lead", "--find", "email", "--json", ENROW_WEBHOOK_ORIGIN="")
    wrong = run_process("enrich_leads", "--model", "leads.Lead", "--find", "email", "--where", "emial=x")

    assert (outcome.code, outcome.json["jobs"][0]["state"]) == (0, "queued")
    assert "WARNING" in outcome.err or "W002" in outcome.err, url
    assert wrong.code == 2
    assert "Traceback" not in wrong.err
    assert Decimal(outcome.json["worst_case_credits"]) == 1


def test_a_lead_that_its_table_refuses_ends_no_run_in_a_traceback(one_email, sandbox):
    """What was bought is reused, and refused again: a sentence and exit code 1; once that is fixed, a run writes it."""
    lead = one_email()

    outcome = run("enrich_leads", "--find", "email", "--wait", 30)

    assert outcome.code == 1
    assert "0 of 0 searched, 0 found; 0 shared, 1 reused, 3 skipped; 1 refused by their table; 0 jobs" in outcome.out
    assert "lead-1: IntegrityError" in outcome.err
    assert "'manage.py enrow_jobs' with --retry writes what was bought" in outcome.err
    assert "Traceback" not in outcome.err
    assert run("enrich_leads", "--find", "email", "--json").json["refused"] == 1

    Lead.objects.filter(crm_id="taken-0").delete()
    assert run("enrich_leads", "--find", "email", "--wait", 30).code == 0
    lead.refresh_from_db()
    assert lead.email_status == "valid"
    assert sandbox.ledger.spent == 3


def test_results_that_cannot_be_written_are_not_waited_for(one_email, sandbox, monkeypatch):
    """The database takes nothing at this moment: --wait ends, and says that the sweep writes it later."""
    one_email()
    Lead.objects.filter(crm_id="taken-0").delete()
    with monkeypatch.context() as patch:
        patch.setattr(updating, "update", locked)
        outcome = run("enrich_leads", "--find", "email", "--wait", 30)
    assert outcome.code == 1
    assert "The sweep writes what is kept when that is fixed." in outcome.err
    assert waiting.write_waiting() == 1
    assert not Lead.objects.filter(email="").exists()


def locked(job, rows):
    raise OperationalError("database is locked")
