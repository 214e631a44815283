"""``manage.py enrow_sweep``: all the work, without Celery and without a broker."""

from __future__ import annotations

import json
import signal

import pytest

from leads.enrichment import enrich
from leads.models import Lead, SearchJob
from tests.commands import run, spawn
from tests.conftest import due_now

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_pass_does_what_is_due_and_says_so(sandbox, make_leads):
    """The first pass sends; when the next check is due, a second pass brings the result home by polling."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})

    assert run("enrow_sweep", "--json").json == {"events": 0, "jobs": 1, "written": 0}
    due_now()
    assert "1 search jobs looked at" in run("enrow_sweep").out
    assert Lead.objects.get().email


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_goes_on_until_a_signal_and_then_ends_well(make_leads, number):
    """With --every it stays; Ctrl-C and SIGTERM both end it with 0, in the middle of a pause."""
    make_leads(1)
    enrich(Lead.objects.all(), find={"email"})

    with spawn("enrow_sweep", "--every", "60", "--json") as process:
        assert json.loads(process.stdout.readline())["jobs"] == 1
        process.send_signal(number)
        # Before the pause of a minute is over.
        assert process.wait(30) == 0
    assert SearchJob.objects.get().attempts == 1


@pytest.mark.parametrize("every", ["0", "0.0", "-1", "soon", "nan", "inf"])
def test_there_is_a_pause_between_two_passes(every):
    """Without one the process would never rest; the call is wrong, and nothing is done."""
    outcome = run("enrow_sweep", "--every", every)
    assert outcome.code
    assert repr(every) in outcome.err
