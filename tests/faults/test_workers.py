"""Money, while processes die: each person is bought once, and every lead has its result or a visible reason."""

from __future__ import annotations

import signal
import time

import pytest
from django.utils import timezone

from leads import decisions
from leads.models import SearchJob
from tests.faults.accidents import IN_A_PLANNER, IN_A_WORKER
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


@pytest.mark.parametrize("point", IN_A_WORKER)
def test_a_worker_killed_at_a_marked_point(scene, point):
    """Kill -9 between any two steps: another worker finishes, and only who died at the POST leaves it to a person."""
    make_leads(6)
    # One process, so that nothing else dies with it.
    doomed = scene.worker(processes=1, **scene.accident(point))
    scene.enrich()
    wait_until(doomed.has_ended, f"the worker died {point}")
    expire_leases()
    scene.workers()
    wait_until(is_settled, "another worker has finished it")
    for job in SearchJob.objects.filter(state="unconfirmed"):
        assert point == "before-post", "only here nobody can know whether the POST left"
        assert "disappeared" in job.last_error
        assert decisions.resend(job.pk, by="the test")
    wait_until(is_settled, "what was sent again is finished")
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=6)


def test_a_worker_killed_over_an_answer_that_no_event_follows(scene):
    """Kill -9 after the POST, and no webhooks: nobody can know, so the job is unconfirmed, and nobody buys it again."""
    make_leads(6)
    doomed = scene.worker(processes=1, ENROW_WEBHOOK_ORIGIN="", **scene.accident("before-record"))
    scene.enrich()
    wait_until(doomed.has_ended, "the worker died")
    expire_leases()
    scene.worker(ENROW_WEBHOOK_ORIGIN="")
    wait_until(is_polled, "another worker has done what can be done")
    assert scene.enrich() == 0, "a second call finds nothing to buy"
    wait_until(is_polled, "nothing moves")
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=6)
    assert scene.figures["unconfirmed"] == 1


@pytest.mark.parametrize("point", IN_A_PLANNER)
def test_a_planner_killed_at_a_marked_point(scene, point):
    """Kill -9 of enrich_leads in its second batch: what is queued is sent, the next call buys the rest, none twice."""
    make_leads(13)
    assert scene.enrich(**scene.accident(point)) == -signal.SIGKILL
    assert SearchJob.objects.credits() <= 10
    scene.workers()
    wait_until(lambda: SearchJob.objects.filter(state="finished").exists(), "the first batch is finished")
    assert scene.enrich() == 0
    # The job that was reserved and never filled; its planner's time is over some minutes later.
    SearchJob.objects.queued().update(next_check_at=timezone.now())
    wait_until(is_settled, "all is finished")
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=13)


def test_one_answer_in_five_is_lost(scene):
    """Billed, answer lost: the event adopts the job by its reference; nothing is sent twice."""
    scene.sandbox.tell("settings", chaos="lost-answer=0.2")
    make_leads(100)
    scene.workers(2)
    scene.enrich()
    wait_until(is_settled, "all jobs have ended")
    assert scene.sandbox.ask("state")["requests"]["POST /email/find/bulk lost"] > 0
    wait_until(lambda: not SearchJob.objects.filter(state="unconfirmed").exists(), "every event has found its job")
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=100)


def test_no_event_ever_comes(scene):
    """Every event is dropped: polling brings the results."""
    scene.sandbox.tell("settings", chaos="drop,get-unavailable=0.2,get-gateway=0.2", profile="legacy")
    make_leads(41)
    scene.workers(2)
    scene.enrich()
    wait_until(is_polled, "polling has brought every result")
    assert set(SearchJob.objects.values_list("result_via", flat=True)) == {"poll"}
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=41)


def test_events_come_twice_and_out_of_order(scene):
    """Doubled, reordered, and before the POST is answered: the same leads, the same credits."""
    scene.sandbox.tell("settings", chaos="duplicate,reorder,early=0.3", duplicates=2, reorder_seconds=0.3)
    make_leads(101)
    scene.workers(2)
    scene.enrich()
    wait_until(is_settled, "all jobs have ended")
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=101)


def test_redis_dies_and_comes_back_empty(scene):
    """Wakes are lost and workers lose their broker; when it is back, beat's next sweep finishes the work."""
    make_leads(500)
    scene.workers(2)
    scene.enrich()
    wait_until(lambda: SearchJob.objects.filter(state="finished").count() > 3, "the work has begun")
    scene.ground.stop_redis()
    open_then = SearchJob.objects.open().count()
    time.sleep(2)
    scene.ground.start_redis()
    wait_until(is_settled, "beat and the workers have found the new Redis")
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=500) | {"open when Redis died": open_then}


def test_two_thousand_leads_with_everything_on(scene):
    """Every fault of the wire at once, one worker of two killed in the middle and another started."""
    scene.sandbox.tell(
        "settings",
        chaos="duplicate=0.3,drop=0.1,late=0.2,reorder=0.3,early=0.2,slow=0.1,"
        "lost-answer=0.1,gateway=0.1,unavailable=0.1,throttle=0.1,foreign-fields=0.5",
        late_seconds=1.0,
        slow_seconds=0.3,
        reorder_seconds=0.5,
    )
    make_leads(2000)
    first, _ = scene.workers(2)
    scene.enrich(batch=50)
    wait_until(lambda: SearchJob.objects.filter(state="finished").count() > 5, "the work has begun")
    scene.kill(first)
    scene.worker()
    time.sleep(1)
    expire_leases()

    def is_over():
        return is_polled() and not scene.sandbox.ask("state")["pending"]

    wait_until(is_over, "nothing moves any more")
    # What a person sees in Enrow's dashboard: for a POST that never left there is no search, so it may be sent again.
    seen = [delivery["url"] for delivery in scene.sandbox.ask("deliveries")]
    lost = SearchJob.objects.filter(state="unconfirmed").values_list("pk", flat=True)
    unsent = [pk for pk in lost if not any(str(pk) in url for url in seen)]
    assert all(decisions.resend(pk, by="the test") for pk in unsent)
    wait_until(is_over, "what was sent again is finished")
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=2000) | {"sent again by a person": len(unsent)}


@pytest.mark.parametrize("point", ["after-claim", "before-record", "before-results-commit"])
def test_the_database_cuts_the_connection_at_a_marked_point(scene, point):
    """A restart of PostgreSQL: without webhooks, too, the worker that lived through it needs no person."""
    make_leads(6)
    scene.worker(ENROW_WEBHOOK_ORIGIN="", **scene.accident(point, "cut"))
    scene.enrich()
    wait_until(scene.has_struck, "the connection was cut")

    def is_done():
        SearchJob.objects.queued().update(next_check_at=timezone.now())
        return is_polled()

    wait_until(is_done, "the work is done")
    assert set(SearchJob.objects.values_list("state", flat=True)) == {"finished"}
    scene.figures |= assert_truth(scene.sandbox.ask("state"), bought=6)
