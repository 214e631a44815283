"""``manage.py enrow_deployment``: a person says whether these rows are a copy, or have moved."""

from __future__ import annotations

import re
import shlex

import pytest

from leads import home
from leads.enrichment import enrich
from leads.models import Home, Lead, LeadSearch, SearchJob
from leads.outbox import submission
from leads.upkeep.doctor import held_findings, home_findings
from tests.commands import run
from tests.conftest import due_now, finish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def away(make_leads, sandbox):
    """Rows of another place: a job that runs, one that waits, one that was held for being away."""
    for number in range(3):
        make_leads(1, prefix=f"lead{number}", company_domain=f"of{number}.com")
    running, held, _queued = [
        enrich(Lead.objects.filter(crm_id=f"lead{number}-0"), find={"email"}).jobs().get() for number in range(3)
    ]
    submission.submit(running.pk)
    Home.objects.update(database="another")
    submission.submit(held.pk)
    assert states() == ["held", "queued", "running"]
    return sandbox


def states() -> list[str]:
    return sorted(SearchJob.objects.values_list("state", flat=True))


def test_nothing_was_searched_yet():
    """Exit code 0: there is nothing to decide."""
    outcome = run("enrow_deployment")
    assert (outcome.code, "There was no search job yet" in outcome.out) == (0, True)
    assert run("enrow_deployment", "--json").json["home"] is None


def test_at_home_there_is_nothing_to_decide(away):
    """Also for --copy and --moved, which would cancel or resume: a script may run them twice."""
    run("enrow_deployment", "--moved")
    before = states()
    for option in ([], ["--copy"], ["--moved"]):
        outcome = run("enrow_deployment", *option)
        assert (outcome.code, "at home here" in outcome.out, "ancelled" in outcome.out) == (0, True, False)
    assert states() == before


def test_away_it_asks_and_changes_nothing(away):
    """Exit code 1, for a health check; both places are named."""
    outcome = run("enrow_deployment")
    assert outcome.code == 1
    assert home.QUESTION in outcome.out
    assert "home is another" in outcome.out
    assert "wait to be sent: 2" in outcome.out
    told = run("enrow_deployment", "--json").json
    assert (told["at_home"], told["waiting"], told["home"]["database"]) == (False, 2, "another")
    assert states() == ["held", "queued", "running"]


def test_a_copy_cancels_what_waits_and_is_a_home_of_its_own(away):
    """What ran comes to both; what is searched from now on is the copy's."""
    outcome = run("enrow_deployment", "--copy")
    assert (outcome.code, "Cancelled 2" in outcome.out) == (0, True)
    assert states() == ["cancelled", "cancelled", "running"]
    assert not LeadSearch.objects.pending().exclude(job__state="running").exists()
    finish(away)
    assert away.ledger.spent == 1
    enrich(Lead.objects.filter(crm_id="lead2-0"), find={"email"})
    finish(away)
    assert away.ledger.spent == 2


def test_moved_rows_are_sent_from_here(away):
    """What was held for being away continues at once; nothing is bought twice."""
    outcome = run("enrow_deployment", "--moved")
    assert (outcome.code, "Resumed 1" in outcome.out) == (0, True)
    assert states() == ["queued", "queued", "running"]
    finish(away)
    assert away.ledger.spent == 3


def test_moved_leaves_what_is_held_for_another_reason(away):
    """No credits are no credits, wherever the rows are."""
    SearchJob.objects.filter(state="held").update(last_error="Enrow answered 402.")
    assert "Resumed 0" in run("enrow_deployment", "--moved").out
    assert states() == ["held", "queued", "running"]


@pytest.mark.parametrize("option", ["--copy", "--moved"])
def test_the_doctor_names_the_state_and_its_commands_work(away, option):
    """Pasted as it stands there, each of the two ends the trouble."""
    (finding,) = home_findings()
    assert finding.level != "ok"
    assert "2 search jobs wait; nothing is sent from here." in finding.sentence
    assert not list(held_findings()), "said once is enough"
    pasted = {words[-1]: words for words in map(shlex.split, re.findall(r"manage\.py ([^']+)'", finding.hint))}
    assert run(*pasted[option]).code == 0
    (finding,) = home_findings()
    assert (finding.level, "at home here" in finding.sentence) == ("ok", True)


def test_the_reason_of_a_held_job_names_a_command_that_says_what_to_do(away):
    """From the admin's list of jobs to the decision in two steps."""
    reason = SearchJob.objects.get(state="held").last_error
    [command] = re.findall(r"manage\.py ([^']+)'", reason)
    outcome = run(command)
    assert "--copy" in outcome.err
    assert "--moved" in outcome.err


def test_resume_does_not_send_from_a_copy(away):
    """The decision about a job is no decision about the place."""
    run("enrow_jobs", "--state", "held", "--resume")
    due_now()
    submission.submit_next()
    submission.submit_next()
    assert states() == ["held", "held", "running"]
    assert away.ledger.spent == 1


def test_both_at_once_are_a_wrong_call():
    """It is one or the other."""
    outcome = run("enrow_deployment", "--copy", "--moved")
    assert (outcome.code, "not allowed with argument" in outcome.err) == (1, True)
