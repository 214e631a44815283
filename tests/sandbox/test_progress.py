"""A search runs for ``delay`` seconds, its progress climbs, and it ends once."""

import pytest

from enrow_webhooks.sandbox.core import Sandbox
from tests.sandbox import support
from tests.sandbox.support import Caller, Clock, Receiver, documented, keys


@pytest.mark.parametrize("path", [support.FIND, support.VERIFY, support.PHONE])
def test_a_running_single_search_is_202(path: str) -> None:
    """The answer is one word until the search ends, then 200."""
    clock = Clock()
    with Sandbox(clock=clock, delay=5) as sandbox:
        caller = Caller(sandbox)
        job_id = caller.launch(path)
        clock.now += 4.9
        response = caller.get(path, job_id)
        assert (response.status_code, response.json) == (
            202,
            documented("responses/get_email_find_single_202_ongoing.json"),
        )
        clock.now += 0.1
        assert caller.get(path, job_id).status_code == 200


@pytest.mark.parametrize("path", [support.FIND_BULK, support.VERIFY_BULK, support.PHONE_BULK])
def test_the_progress_of_a_batch_climbs(path: str) -> None:
    """A running batch is 200 with how many rows are done; all of them only at the end, and then with results."""
    clock = Clock()
    with Sandbox(clock=clock, delay=10, credits=100_000) as sandbox:
        caller = Caller(sandbox)
        rows = {"verifications": ["ok@acme.com"] * 100}
        row = support.HIT if path == support.FIND_BULK else support.PHONE_HIT
        job_id = caller.launch(path, rows if path == support.VERIFY_BULK else {"searches": [row] * 100})
        done = []
        for _ in range(4):
            response = caller.get(path, job_id)
            assert response.status_code == 200
            assert keys(response.json) == keys(documented("responses/get_email_find_bulk_200_ongoing.json"))
            assert response.json["general"] == {"id": job_id, "status": "ongoing"}
            done.append(response.json["stats"]["finished"])
            clock.now += 3
        assert done == [0, 30, 60, 90]
        body = caller.get(path, job_id).json
        assert body["general"]["status"] == "completed"
        assert len(body["results"]) == 100


def test_a_running_batch_never_claims_all_rows() -> None:
    """Time may pass between the look at the state and the count; the last row is done only with the end."""
    clock = Clock()
    with Sandbox(clock=clock, delay=10) as sandbox:
        Caller(sandbox).launch(support.FIND_BULK)
        (job,) = sandbox.jobs
        assert job.finished(clock.now + 20) == 1
        sandbox.finish(job)
        assert job.finished(clock.now) == 2


def test_the_end_comes_by_itself(receiver: Receiver) -> None:
    """Nobody has to ask: the event goes out when the delay is over."""
    with Sandbox(delay=0.05, webhooks=[receiver.url]) as sandbox:
        job_id = Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
        assert [body["id"] for body in receiver.bodies] == [job_id]


def test_an_end_can_be_brought_about(receiver: Receiver) -> None:
    """A test need not wait for the delay, and the end happens once."""
    with Sandbox(delay=3600, webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        job_id = caller.launch(support.FIND)
        assert not sandbox.wait_until_idle(timeout=0.01)
        assert [sandbox.finish_all(), sandbox.finish_all()] == [1, 0]
        assert caller.get(support.FIND, job_id).status_code == 200
        assert sandbox.wait_until_idle()
        assert len(receiver.events) == 1


def test_a_reset_forgets_everything_but_the_settings() -> None:
    """Searches, purchases, deliveries and counters are gone; the balance is full again; the delay stays."""
    with Sandbox(delay=3600) as sandbox:
        caller = Caller(sandbox)
        job_id = caller.launch(support.FIND)
        sandbox.reset()
        assert sandbox.wait_until_idle(timeout=5)
        assert (sandbox.jobs, sandbox.deliveries, dict(sandbox.requests)) == ([], [], {})
        assert sandbox.ledger.balance == 1000
        assert caller.get(support.FIND, job_id).status_code == 500
        assert sandbox.settings.delay == 3600
