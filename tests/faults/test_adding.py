"""Twenty processes let the same leads be searched as they come: each once, and nobody waits for anybody."""

from __future__ import annotations

import pytest
from django.db import connection

from enrow_webhooks.models import Heartbeat
from leads.enrichment import enrich_batched
from leads.models import BatchedLead, EnrichmentRun, Lead, LeadSearch
from leads.runs import batching
from tests.faults.adding import LEADS, is_rolled_back, leads_of
from tests.faults.support import is_settled, make_leads, truth, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(400)]

PROCESSES = 20
# The last lead is added by nobody.
EVERYBODY = leads_of(PROCESSES - 1)[-1] + 2


def test_twenty_processes_add_the_same_leads_and_none_waits(scene):
    """All add in transactions that are open at once, while a worker searches; half of them are rolled back."""
    make_leads(EVERYBODY)
    kept = {lead for number in range(PROCESSES) if not is_rolled_back(number) for lead in leads_of(number)}
    scene.workers(2)
    arguments = [str(scene.folder), *map(str, range(PROCESSES))]
    adding = [scene.start("adding", ["-m", "tests.faults.adding", arguments[0], one], {}) for one in arguments[1:]]
    wait_until(lambda: _added(scene) == PROCESSES or any(one.has_ended() for one in adding), "all have added")
    assert _added(scene) == PROCESSES, "one of them waited for a lock"
    assert _open_transactions() >= PROCESSES
    assert _who_waits() == 0
    # A worker waits for none of them either.
    enrich_batched(Lead.objects.filter(crm_id="lead-0"), find={"email"}, daily_credits=10_000)
    wait_until(lambda: Lead.objects.exclude(email_status="").exists(), "a worker has searched a lead meanwhile")
    assert set(LeadSearch.objects.values_list("crm_id", flat=True)) == {"lead-0"}
    (scene.folder / "go").touch()
    wait_until(lambda: all(one.has_ended() for one in adding), "all have ended")
    assert [one.process.returncode for one in adding] == [0] * PROCESSES
    scene.programs.running = [one for one in scene.programs.running if one not in adding]
    wait_until(_is_searched, "all are searched")
    state = scene.sandbox.ask("state")
    assert state["bought_more_than_once"] == {}
    assert state["people"] == len(kept) < EVERYBODY
    written = set(Lead.objects.exclude(email_status="").values_list("crm_id", flat=True))
    assert written == {f"lead-{number}" for number in kept}
    assert [lead.crm_id for lead in Lead.objects.filter(crm_id__in=written) if lead.email != truth(lead)] == []
    runs = EnrichmentRun.objects.count()
    scene.figures |= {"people": state["people"], "runs": runs, "POSTs": state["requests"], "added at once": LEADS}


def _added(scene) -> int:
    """Return how many have added their leads, and hold their transaction open."""
    return len(list(scene.folder.glob("added-*")))


def _is_searched() -> bool:
    """Let it be time to look at leads again that were being searched; tell whether nothing is left."""
    BatchedLead.objects.all().update(due_at="2020-01-01T00:00Z")
    is_idle = not Heartbeat.objects.filter(name=batching.GATHERING).exists()
    return is_idle and is_settled() and not BatchedLead.objects.exists()


def _open_transactions() -> int:
    return _ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state = 'idle in transaction'")  # fmt: skip


def _who_waits() -> int:
    return _ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'")  # fmt: skip


def _ask(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
