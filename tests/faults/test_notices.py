"""The inbox, while everything around it dies: what was answered 200 is processed once, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import time
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from enrow_webhooks.models import WebhookEvent
from leads.models import SearchJob
from tests import services
from tests.faults.accidents import IN_THE_SITE
from tests.faults.burst import Burst, cut_database_connections, searches_without_event
from tests.faults.support import (
    assert_truth,
    expire_leases,
    is_polled,
    is_settled,
    make_leads,
    wait_until,
)

# A machine that does three other things at once needs longer than the usual two minutes.
pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(400)]


def assert_all_arrived(burst: Burst, count: int) -> dict[str, object]:
    """Each letter that was acknowledged has its row, which counts its deliveries, and is processed."""
    rows = WebhookEvent.objects.all()
    assert {row.state for row in rows} == {"processed"}
    assert len(rows) == count == len(burst.acknowledged)
    taken = {row.payload.encode(): row.deliveries for row in rows}
    # A delivery may be stored and its answer lost, never the other way round.
    assert [body for body, times in burst.acknowledged.items() if not times <= taken[body] <= burst.sent[body]] == []
    return {
        "answers": {str(key): value for key, value in burst.answers.items()},
        "attempts": {str(key): value for key, value in Counter(row.attempts for row in rows).items()},
    }


def nothing_is_due() -> bool:
    """Tell whether all that waits is in the hands of a worker, dead or alive."""
    return not WebhookEvent.objects.due().exists()


def test_a_burst_while_worker_and_redis_die(scene):
    """Two thousand events, five times each; a worker and Redis die, Redis comes back empty: each counts once."""
    letters = searches_without_event(scene, 2000)
    first, _ = scene.workers(2)
    copies = letters * 5
    random.shuffle(copies)
    burst = Burst(scene.ground.ports["site"], copies)
    burst.wait_for(0.2, len(copies))
    scene.kill(first)
    died_at = timezone.now()
    scene.ground.stop_redis()
    burst.wait_for(0.5, len(copies))
    scene.ground.start_redis()
    burst.wait_for(0.7, len(copies))
    scene.ground.flush_redis()
    burst.finish()
    assert set(burst.answers) <= {200, "no answer"}
    # Leases that were taken before the worker died, and are not ended by now, are the dead one's.
    in_dead_hands = WebhookEvent.objects.waiting().filter(
        next_attempt_at__gt=timezone.now(), next_attempt_at__lt=died_at + dt.timedelta(seconds=300)
    )
    wait_until(lambda: WebhookEvent.objects.waiting().count() == in_dead_hands.count(), "all others are processed")
    left = in_dead_hands.count()
    assert left <= 2
    expire_leases()
    wait_until(is_settled, "the dead worker's events are processed, too")
    attempts = Counter(WebhookEvent.objects.values_list("attempts", flat=True))
    assert attempts == Counter({1: 2000 - left, 2: left})
    scene.figures |= assert_all_arrived(burst, 2000) | assert_truth(scene.sandbox.ask("state"), bought=2000)


def test_a_burst_while_the_database_cuts_every_connection(scene):
    """What got 200 is in a row; what got 503 is sent again; workers that lost their connection begin anew."""
    letters = searches_without_event(scene, 400)
    scene.workers(2)
    burst = Burst(scene.ground.ports["site"], letters * 3)
    cuts = 0
    while burst.done < len(letters) * 3 and cuts < 1000:
        cuts += cut_database_connections()
        time.sleep(0.15)
    burst.finish()
    assert_nothing_lost(scene, burst, bought=400)
    scene.figures |= {"cuts": cuts}


def test_a_burst_while_the_database_restarts(scene):
    """PostgreSQL itself goes and comes back in the middle: what got 200 is in a row, the rest is sent again."""
    command = services.restart_of_postgres()
    letters = searches_without_event(scene, 400)
    scene.workers(2)
    burst = Burst(scene.ground.ports["site"], letters * 3)
    for share in (0.2, 0.6):
        burst.wait_for(share, len(letters) * 3)
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    connection.close()
    burst.finish()
    assert_nothing_lost(scene, burst, bought=400)


def assert_nothing_lost(scene, burst, *, bought):
    """Every event that got 200 is processed, every other was sent again, and the books agree."""
    assert set(burst.answers) <= {200, 503, "no answer"}

    def is_done():
        if nothing_is_due():
            expire_leases()
        return is_settled()

    wait_until(is_done, "all events are processed")
    scene.figures |= assert_all_arrived(burst, bought)
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=bought)


@pytest.mark.parametrize("point", IN_THE_SITE)
def test_the_site_killed_at_a_marked_point(scene, point):
    """Kill -9 around the commit of an event's row: it is not acknowledged, and the next delivery finds one row."""
    letters = searches_without_event(scene, 10)
    burst = Burst(scene.site(**scene.accident(point, "kill-one")), letters, threads=1)
    burst.finish()
    assert burst.answers == {200: 10, "no answer": burst.answers["no answer"]}
    assert scene.has_struck()
    assert WebhookEvent.objects.filter(deliveries=2).count() == (point == "after-storing")
    scene.workers()
    wait_until(is_settled, "the worker has processed them")
    scene.figures |= assert_all_arrived(burst, 10) | assert_truth(scene.sandbox.ask("state"), bought=10)


def test_events_wait_until_the_workers_are_back(scene):
    """No worker at all: each event is stored and waits; then one worker does everything, each at the first attempt."""
    letters = searches_without_event(scene, 300)
    burst = Burst(scene.ground.ports["site"], letters * 2)
    burst.finish()
    assert set(WebhookEvent.objects.values_list("state", "attempts")) == {("received", 0)}
    scene.workers()
    wait_until(is_settled, "the worker has processed them")
    assert set(WebhookEvent.objects.values_list("attempts", flat=True)) == {1}
    scene.figures |= assert_all_arrived(burst, 300) | assert_truth(scene.sandbox.ask("state"), bought=300)


def test_events_that_come_too_early_in_disorder_or_hours_late(scene):
    """Before the POST's answer, in reverse, and hours after polling was faster: each processed, none changes a lead."""
    scene.sandbox.tell(
        "settings", chaos="early=0.3,reorder=0.5,late=0.5", rate=0, late_seconds=3600, reorder_seconds=0.5
    )
    make_leads(60)
    scene.workers(2)
    scene.enrich(batch=1)
    wait_until(is_polled, "polling has brought what the events did not")
    ways = Counter(SearchJob.objects.values_list("result_via", flat=True))
    assert min(ways["webhook"], ways["poll"]) > 0
    before = assert_truth(scene.sandbox.ask("state"), bought=60)
    scene.sandbox.tell("flush")
    wait_until(lambda: not scene.sandbox.ask("state")["pending"], "the late ones have arrived")
    wait_until(is_settled, "they are processed")
    assert WebhookEvent.objects.count() == 60
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"processed"}
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=60) | {"via": dict(ways)}
    assert before["spent"] == scene.figures["spent"]
