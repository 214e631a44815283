"""One run, and workers that are killed at any moment: every lead is searched once, and the counts are exact.

``RUN_KILLS=30`` takes 20,000 leads and so many kills, at other moments each time; ``RUN_SEED`` repeats them.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter

import pytest
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from leads import decisions
from leads.enrichment import Run, enrich_later
from leads.models import EnrichmentRun, Lead, LeadSearch, RunLead, SearchJob
from tests.faults.support import assert_truth, expire_leases, is_polled, is_settled, make_leads, picture, wait_until

KILLS = int(os.environ.get("RUN_KILLS", "3"))
SEED = int(os.environ.get("RUN_SEED", random.randrange(10**6) if "RUN_KILLS" in os.environ else 1))
LEADS = 20_000 * KILLS // 30
# Leads in a POST: small, so that much is left to do when a worker dies.
BATCH = 25
# Where a worker dies at the latest: at this statement of one of its processes, or so long after it was ready.
STATEMENTS, SECONDS = 400, 3.0

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.timeout(240 + 60 * KILLS),
]


def test_a_run_whose_workers_are_killed_at_any_moment(scene):
    """Kill -9, half of them at some statement and half at some moment; nobody is searched twice, nobody forgotten."""
    chance = random.Random(SEED)
    scene.sandbox.tell("settings", rate=0)
    make_leads(LEADS)
    enrich_later(Lead.objects.all(), find={"email"}, max_credits=2 * LEADS)
    hit = Counter(_kill_one(scene, chance) for _ in range(KILLS))
    scene.worker(FAULTS_BATCH_SIZE=str(BATCH))
    wait_until(_is_over, "the last worker has done what can be done", seconds=600)
    again = _send_again_what_never_left(scene)
    wait_until(_is_over, "what was sent again is finished", seconds=600)
    state = scene.sandbox.ask("state")
    truth = assert_truth(state, bought=LEADS)
    first, *rest = [Run.get(row.pk).progress() for row in EnrichmentRun.objects.order_by("created_at")]
    assert (first.asked, first.searched, first.done, first.planned) == (LEADS, LEADS, LEADS, LEADS)
    assert [one.asked for one in rest] == [one.searched for one in rest], "what was sent again was bought by nobody"
    assert sum(one.searched for one in rest) == LeadSearch.objects.sent().filter(job__in=again).count()
    everything = [first, *rest]
    assert sum(one.found for one in everything) == Lead.objects.exclude(email="").count()
    assert sum(one.spent for one in everything) == state["spent"]
    assert {(one.state, one.jobs_open) for one in everything} == {("finished", 0)}
    # Nobody can know that a POST which was given up was not billed: it counts at its worst case for ever.
    given_up = sum(one.searched for one in rest)
    assert [one.reserved for one in everything] == [given_up] + [0] * len(rest)
    assert not RunLead.objects.exists()
    scene.figures |= truth | {"seed": SEED, "kills": KILLS, "hit": dict(hit), "jobs sent again": len(again)}
    scene.figures |= {"run": first.words}


def _kill_one(scene, chance: random.Random) -> str:
    """Let a worker work, and die somewhere; return where."""
    assert not is_settled() or EnrichmentRun.objects.to_plan().exists(), f"the work is over too soon: {picture()}"
    mark = scene.folder / f"struck-{time.monotonic_ns()}"
    point = f"{chance.choice(['before', 'after'])}-{chance.randrange(1, STATEMENTS)}"
    at_a_statement = chance.random() < 0.5
    accident = {"FAULTS_POINT": point, "FAULTS_DEED": "kill", "FAULTS_MARK": str(mark)} if at_a_statement else {}
    worker = scene.worker(FAULTS_BATCH_SIZE=str(BATCH), **accident)
    if at_a_statement:
        wait_until(worker.has_ended, "the worker died at a statement")
        where = _statement(mark.read_text(encoding="utf-8"))
    else:
        scene.programs.wait_for(worker, lambda: worker.said("ready."))
        time.sleep(chance.uniform(0, SECONDS))
        os.killpg(worker.process.pid, signal.SIGSTOP)
        where = _in_hand()
    scene.kill(worker)
    expire_leases()
    # Nobody is planning any more: a minute later the next one may.
    EnrichmentRun.objects.filter(planned_at=None).update(next_plan_at=timezone.now())
    return where


def _statement(text: str) -> str:
    """Return what a statement is about: its verb, and our table."""
    table = re.search(r'"((?:leads|enrow_webhooks|django)_\w+)"', text) or re.search(
        r"(leads_\w+|enrow_webhooks_\w+)", text
    )
    return f"at {text.split(None, 1)[0]} {table.group(1) if table else ''}".strip()


def _in_hand() -> str:
    """Return what a worker that stands still was at."""
    if EnrichmentRun.objects.filter(planned_at=None, attempts__gt=0).exists():
        return "over a page"
    if SearchJob.objects.filter(state=SearchJob.State.SENDING).exists():
        return "over a POST"
    if WebhookEvent.objects.waiting().filter(attempts__gt=0).exists():
        return "over an event"
    return "between two steps"


def _is_over() -> bool:
    return (
        is_polled()
        and not EnrichmentRun.objects.exclude(state__in=EnrichmentRun.ENDED)
        .exclude(pk__in=SearchJob.objects.filter(state=SearchJob.State.UNCONFIRMED).values("run"))
        .exists()
    )


def _send_again_what_never_left(scene) -> list[object]:
    """Do what a person does who sees in Enrow's dashboard that a POST never came; return its jobs."""
    seen = {delivery["url"] for delivery in scene.sandbox.ask("deliveries")}
    lost = SearchJob.objects.filter(state=SearchJob.State.UNCONFIRMED).values_list("pk", flat=True)
    unsent = [pk for pk in lost if not any(str(pk) in url for url in seen)]
    assert all(decisions.resend(pk, by="the test") for pk in unsent)
    return unsent
