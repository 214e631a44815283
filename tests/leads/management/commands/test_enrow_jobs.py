"""``manage.py enrow_jobs``: what stands in the list, and what a person decides from there."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import uuid

import pytest
from django.core.management import CommandError, call_command

from enrow_webhooks.management.base import system_user
from leads.models import Lead, LeadSearch, SearchJob
from tests.commands import run, spawn
from tests.conftest import finish

pytestmark = pytest.mark.django_db(transaction=True)
# Who the history names: the user of the system.
BY = system_user() or "enrow_jobs"


def state_of(job) -> str:
    return SearchJob.objects.get(pk=job.pk).state


def test_the_list_tells_what_a_job_is_newest_first(job_in):
    """State, kind, leads, found, credits, who asked, and the error with the setting to fix."""
    finished, held = job_in("finished"), job_in("held", count=3)

    outcome = run("enrow_jobs")

    first, error, second = outcome.out.splitlines()
    assert outcome.code == 0
    assert first.startswith(str(held.pk))
    for words in ("held", "find e-mail", "3 searches", "0 found", "3.00 reserved", "ann"):
        assert words in first
    assert error.strip() == 'Enrow answered 401: This apikey is not valid; fix ENROW["API_KEY"].'
    assert second.startswith(str(finished.pk))
    assert "2.00 spent" in second
    assert "@" not in outcome.out


def test_the_list_is_narrowed_and_bounded(job_in):
    """By ids, --state and --run together; --limit shows the newest and says how many there are more."""
    held, queued = job_in("held"), job_in("queued")

    assert run("enrow_jobs", "--state", "held", "running", "--json").json["jobs"][0]["id"] == str(held.pk)
    assert run("enrow_jobs", "--run", queued.run, "--json").json["total"] == 1
    assert run("enrow_jobs", held.pk, "--state", "queued").out == "No search job fits.\n"
    short = run("enrow_jobs", "--limit", 1)
    assert short.out.startswith(str(queued.pk))
    assert "… and 1 older; --limit shows more." in short.out


DECISIONS = [
    ("--cancel", "queued", "cancelled", "Cancelled: search job"),
    ("--cancel", "held", "cancelled", "Cancelled: search job"),
    ("--give-up", "unconfirmed", "expired", "Given up: search job"),
    ("--resume", "held", "queued", "Resumed: search job"),
]


@pytest.mark.parametrize(("action", "before", "after", "words"), DECISIONS)
def test_a_decision_is_done_and_told(job_in, action, before, after, words):
    """What was named is done, with the command's name on the row."""
    job = job_in(before)

    outcome = run("enrow_jobs", job.pk, action)

    assert (outcome.code, state_of(job)) == (0, after)
    assert words in outcome.out
    assert f"by {BY}." in SearchJob.objects.get().last_error


@pytest.mark.parametrize("action", ["--cancel", "--give-up", "--resend", "--resume"])
def test_a_decision_that_cannot_be_taken_says_why(job_in, action):
    """The job is left as it is, the sentence names its state and the rule, and the exit code is 1."""
    job = job_in("running")

    outcome = run("enrow_jobs", job.pk, action, "--json")

    (told,) = outcome.json["jobs"]
    assert (outcome.code, state_of(job), told["done"]) == (1, "running", False)
    assert "is running; only" in told["sentence"]
    assert "1 of 1 search jobs were left as they are." in outcome.err


def test_of_several_jobs_each_is_told(job_in):
    """One of a run may be done and another not."""
    held, running = job_in("held"), job_in("running")

    outcome = run("enrow_jobs", held.pk, running.pk, "--cancel")

    assert outcome.code == 1
    assert [line.split(":")[0] for line in outcome.out.splitlines()] == ["Cancelled", "Not cancelled"]
    assert (state_of(held), state_of(running)) == ("cancelled", "running")


def test_sending_again_without_a_terminal_needs_yes(job_in):
    """A script says so in its call; without it nothing happens, and the sentence names the risk in credits."""
    job = job_in("unconfirmed")

    refused = run("enrow_jobs", "--state", "unconfirmed", "--resend")
    assert (refused.code, state_of(job)) == (2, "unconfirmed")
    said = "they reserve 2 credits, less than 1 % of what the account has (99,998), and you may pay a second time."
    assert f"{said} Nothing was sent. Give --max-credits 2 to agree to so much, or --yes" in refused.err

    agreed = run("enrow_jobs", "--state", "unconfirmed", "--resend", "--yes")
    assert (agreed.code, state_of(job)) == (0, "expired")
    assert "Sent again: search job" in agreed.out
    second = SearchJob.objects.exclude(pk=job.pk).get()
    assert (second.state, second.requested, second.requested_by) == ("queued", 2, BY)


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "code", "state"), [(b"\n", 1, "unconfirmed"), (b"y\n", 0, "expired")])
def test_at_a_terminal_a_person_is_asked_before_sending_again(job_in, answer, code, state):
    """The question names the risk, on stderr beside the JSON; only a yes sends."""
    job = job_in("unconfirmed")
    ours, terminal = pty.openpty()
    os.write(ours, answer)

    with spawn("enrow_jobs", job.pk, "--resend", "--json", stdin=terminal) as process:
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(terminal)

    assert (process.returncode, state_of(job)) == (code, state)
    assert "you may pay a second time. Send them again? [y/N]" in err
    assert ("Nothing was sent." in err) is (out == "") is (code == 1)


def test_what_failed_is_searched_again(job_in, sandbox):
    """Cost first, then the runs; the leads come home, and what is not over yet is said."""
    failed, running = job_in("failed"), job_in("running")
    Lead.objects.filter(crm_id__startswith="failed").update(company_domain="fixed.com")

    outcome = run("enrow_jobs", failed.pk, running.pk, "--retry")

    assert outcome.code == 1
    assert (
        f"Search job {failed.pk} (find e-mail, 2 searches): 2 leads failed, those who share a search included."
        in outcome.out
    )
    assert "is running; it has not ended yet." in outcome.out
    assert "Searched again, for at most 2 credits:" in outcome.out
    assert "find e-mail, 2 asked for: 2 queued, 0 shared" in outcome.out
    finish(sandbox)
    again = SearchJob.objects.get(requested_by=BY)
    assert set(again.searches.values_list("outcome", flat=True)) == {"found"}
    assert not LeadSearch.objects.filter(job=running, outcome="error").exists()


def test_a_retry_as_json(job_in):
    """One object: what failed in each job, and the runs that were queued."""
    job = job_in("failed")
    Lead.objects.update(company_domain="fixed.com")

    outcome = run("enrow_jobs", "--run", job.run, "--retry", "--json")

    assert outcome.code == 0
    assert outcome.json["jobs"] == [{"id": str(job.pk), "failed": 2, "refused": 0}]
    assert [told["worst_case_credits"] for told in outcome.json["runs"]] == ["2"]


def test_nothing_to_retry_changes_nothing(job_in):
    """A job in which everybody was found is left as it is."""
    job = job_in("finished")

    outcome = run("enrow_jobs", job.pk, "--retry")

    assert outcome.code == 1
    assert "is finished; nothing failed." in outcome.out
    assert "Nothing to search." in outcome.out
    assert SearchJob.objects.count() == 1


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--cancel",), "Say which search jobs"),
        (("not-an-id",), "'not-an-id' is no id"),
        ((uuid.UUID(int=1), "--cancel"), "There is no search job 00000000-0000-0000-0000-000000000001."),
        (("--state", "lost"), "invalid choice"),
        (("--state", "held", "--cancel", "--resume"), "not allowed with argument"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_changes_nothing(job_in, args, sentence):
    """A decision is never taken for all jobs by a slip of the hand."""
    job = job_in("held")

    outcome = run("enrow_jobs", *args)

    assert outcome.code != 0
    assert sentence in outcome.err
    assert state_of(job) == "held"


def test_a_list_costs_the_same_for_one_job_and_for_many(make_leads, sandbox, django_assert_num_queries):
    """One count and one query."""
    SearchJob.objects.bulk_create(SearchJob(run=uuid.uuid4(), kind="find_email", state="held") for _ in range(60))
    with django_assert_num_queries(2):
        run("enrow_jobs", skip_checks=True)


class Meddler(io.StringIO):
    """A terminal at which somebody edits a lead as soon as the price is shown."""

    def write(self, text: str) -> int:
        if "Searched again, for at most" in text:
            Lead.objects.update(email="")
        return super().write(text)


def test_a_retry_costs_no_more_than_was_printed(job_in):
    """A lead that can be searched by now, and could not when the price was told, waits for another time."""
    job_in("failed")
    Lead.objects.update(company_domain="fixed.com")
    Lead.objects.filter(crm_id="failed-1").update(email="typed@x.com")
    out = Meddler()
    with contextlib.suppress(CommandError):
        call_command("enrow_jobs", "--state", "failed", "--retry", stdout=out, stderr=io.StringIO())
    assert "for at most 1 credits" in out.getvalue()
    assert SearchJob.objects.queued().credits() == 1


def test_a_retry_writes_what_was_refused_and_buys_nothing(one_email, sandbox):
    """While the cause is there it says so, with exit code 1; afterwards the result that was paid for is written."""
    lead = one_email()
    job = SearchJob.objects.get(refused=1)

    still = run("enrow_jobs", job.pk, "--retry")

    assert still.code == 1
    assert f"Search job {job.pk} (find e-mail, 3 searches): 1 leads refused by their table." in still.out
    assert "Written again: 0, refused again: 1." in still.out
    assert "The table of leads refused 1 leads again" in still.err

    Lead.objects.exclude(pk=lead.pk).update(email="")
    done = run("enrow_jobs", job.pk, "--retry", "--json")

    assert (done.code, done.json["refused_again"], done.json["runs"]) == (0, 0, [])
    assert done.json["jobs"] == [{"id": str(job.pk), "failed": 0, "refused": 1}]
    lead.refresh_from_db()
    assert lead.email_status == "valid"
    assert sandbox.ledger.spent == 3


@pytest.mark.parametrize("command", ["enrow_jobs", "enrow_runs"])
@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_limit_is_one_or_more(command, limit):
    """None and less than none are refused alike."""
    outcome = run(command, "--limit", limit)
    assert outcome.code
    assert "argument --limit" in outcome.err
