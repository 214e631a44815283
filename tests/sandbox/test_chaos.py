"""Each switch does what it says, nothing else, and the same each time for one seed."""

import threading
from decimal import Decimal

import pytest

from enrow_webhooks.sandbox import events
from enrow_webhooks.sandbox.chaos import Mischief, Switch, parse
from enrow_webhooks.sandbox.core import Sandbox
from tests.sandbox import support
from tests.sandbox.support import Caller, Clock, Receiver


def test_switches_are_read_with_and_without_a_probability() -> None:
    """A bare switch is always on; blanks do not matter; a list and a mapping do as well."""
    expected = {Switch.DUPLICATE: 1.0, Switch.LATE: 0.5}
    assert parse(" duplicate, late = 0.5,") == expected
    assert parse(["duplicate", "late=0.5"]) == expected
    assert parse({"duplicate": 1, "late": 0.5}) == expected
    assert parse("") == {}


@pytest.mark.parametrize(
    ("switches", "sentence"),
    [
        (
            "dupe",
            "There is no chaos switch 'dupe'. Known switches: duplicate, drop, late, reorder, early, slow,",
        ),
        ("late=2", "The probability of late must be a number from 0 to 1, not '2'."),
        ("late=often", "The probability of late must be a number from 0 to 1, not 'often'."),
        ("late=nan", "The probability of late must be a number from 0 to 1, not 'nan'."),
    ],
)
def test_a_wrong_switch_is_refused_in_a_sentence(switches: str, sentence: str) -> None:
    """The sentence tells what is known."""
    with pytest.raises(ValueError, match=f"^{sentence}"):
        parse(switches)


def test_the_same_seed_repeats_the_same_decisions() -> None:
    """Decisions depend on seed, switch and turn alone, and come about as often as asked."""

    def series(seed: int, switch: Switch) -> list[bool]:
        mischief = Mischief({switch: 0.3}, seed)
        return [mischief.strikes(switch) for _ in range(500)]

    assert series(1, Switch.DROP) == series(1, Switch.DROP)
    assert series(1, Switch.DROP) != series(2, Switch.DROP)
    assert series(1, Switch.DROP) != series(1, Switch.LATE)
    assert 100 < sum(series(1, Switch.DROP)) < 200


def test_duplicates_arrive_at_the_same_time() -> None:
    """Three copies are on their way at once: each waits in the receiver for the others."""
    with (
        Receiver(barrier=threading.Barrier(3)) as receiver,
        Sandbox(chaos="duplicate", webhooks=[receiver.url]) as sandbox,
    ):
        Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
        assert len(receiver.bodies) == 3
        assert receiver.bodies[0] == receiver.bodies[1] == receiver.bodies[2]
        assert [delivery.outcome for delivery in sandbox.deliveries] == ["delivered"] * 3
        assert sandbox.ledger.debits == 1


def test_a_dropped_event_is_never_sent(receiver: Receiver) -> None:
    """The search ends and is there to be read; the record says that chaos took the event."""
    with Sandbox(chaos="drop", webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        job_id = caller.launch(support.FIND)
        assert sandbox.wait_until_idle()
        assert [delivery.outcome for delivery in sandbox.deliveries] == ["dropped"]
        assert caller.get(support.FIND, job_id).status_code == 200
    assert receiver.events == []


def test_some_are_dropped_and_some_are_not(receiver: Receiver) -> None:
    """A probability drops a part, the same part for the same seed."""
    outcomes = []
    for _ in range(2):
        with Sandbox(chaos="drop=0.5", seed=3, rate=None, webhooks=[receiver.url]) as sandbox:
            caller = Caller(sandbox)
            ids = [caller.launch(support.FIND) for _ in range(12)]
            assert sandbox.wait_until_idle()
            dropped = {delivery.job_id for delivery in sandbox.deliveries if delivery.outcome == "dropped"}
            outcomes.append([job_id in dropped for job_id in ids])
    assert outcomes[0] == outcomes[1]
    assert 0 < sum(outcomes[0]) < 12


def test_a_late_event_waits_until_it_is_time_or_flushed(receiver: Receiver) -> None:
    """The result is there at once, the event is not."""
    with Sandbox(chaos="late", late_seconds=3600, webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        job_id = caller.launch(support.FIND)
        assert caller.get(support.FIND, job_id).status_code == 200
        assert sandbox.pending == 1
        assert receiver.events == []
        sandbox.flush()
        assert sandbox.wait_until_idle()
        assert len(receiver.events) == 1


def test_a_late_event_comes_by_itself(receiver: Receiver) -> None:
    """Nobody has to flush."""
    with Sandbox(chaos="late", late_seconds=0.05, webhooks=[receiver.url]) as sandbox:
        Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
        assert len(receiver.events) == 1


def test_reordered_events_go_out_backwards(receiver: Receiver) -> None:
    """Held events leave in reverse order as soon as the window is full."""
    with Sandbox(chaos="reorder", reorder_seconds=3600, webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        ids = [caller.launch(support.FIND) for _ in range(3)]
        assert sandbox.wait_until_idle()
        assert [body["id"] for body in receiver.bodies] == ids[::-1]


@pytest.mark.parametrize("flushed", [True, False])
def test_reordered_events_never_stay_for_ever(receiver: Receiver, flushed: bool) -> None:
    """Fewer than a window leave after a while, or when they are flushed."""
    # Long enough for both searches to be launched before the first is let go, also on a busy machine.
    seconds = 3600 if flushed else 2
    with Sandbox(chaos="reorder", reorder_seconds=seconds, webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        ids = [caller.launch(support.FIND) for _ in range(2)]
        if flushed:
            sandbox.flush()
        assert sandbox.wait_until_idle()
        assert [body["id"] for body in receiver.bodies] == ids[::-1]


def test_a_held_event_lets_others_pass(receiver: Receiver) -> None:
    """One held event arrives after later ones that were not held."""
    with Sandbox(chaos="reorder", reorder_window=2, reorder_seconds=3600, webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        held = caller.launch(support.FIND)
        sandbox.configure(chaos="")
        later = caller.launch(support.FIND)
        while not receiver.events:
            threading.Event().wait(0.005)
        caller.launch(support.FIND)
        assert sandbox.wait_until_idle()
        ids = [body["id"] for body in receiver.bodies]
        assert ids[0] == later
        assert held in ids[1:]


def test_an_early_event_is_there_before_the_answer(receiver: Receiver) -> None:
    """When the POST returns, the event has been delivered, whatever the delay."""
    with Sandbox(chaos="early", delay=3600, webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        response = caller.post(support.FIND, support.HIT)
        assert [body["id"] for body in receiver.bodies] == [response.json["id"]]
        assert sandbox.wait_until_idle(timeout=1)
        assert len(receiver.events) == 1


def test_early_events_can_be_dropped_and_repeated(receiver: Receiver) -> None:
    """The other switches keep their word."""
    with Sandbox(chaos="early,duplicate", duplicates=2, webhooks=[receiver.url]) as sandbox:
        Caller(sandbox).launch(support.FIND)
        assert len(receiver.events) == 2
        sandbox.configure(chaos="early,drop")
        Caller(sandbox).launch(support.FIND)
        assert len(receiver.events) == 2


def test_a_slow_event_arrives_whole(receiver: Receiver) -> None:
    """The body trickles in with its length announced, so that any server can read it."""
    with Sandbox(chaos="slow", slow_seconds=0.05, webhooks=[receiver.url]) as sandbox:
        job_id = Caller(sandbox).launch(support.FIND)
        assert sandbox.wait_until_idle()
    (event,) = receiver.events
    assert event.body["id"] == job_id
    assert int(event.headers["Content-Length"]) > 0
    assert "Transfer-Encoding" not in event.headers


def test_a_slow_event_does_not_hold_up_the_end() -> None:
    """Closing the sandbox ends the pauses of a trickling body."""
    with Receiver() as receiver, Sandbox(chaos="slow", slow_seconds=3600, webhooks=[receiver.url]) as sandbox:
        Caller(sandbox).launch(support.FIND)


def test_a_lost_answer_is_billed() -> None:
    """The search exists and is paid, but the caller never learns its id."""
    with Sandbox(chaos="lost-answer") as sandbox:
        with pytest.raises(ConnectionAbortedError):
            Caller(sandbox).post(support.FIND, support.HIT)
        assert sandbox.ledger.spent == 1
        assert sandbox.requests == {"POST /email/find/single lost": 1}


def test_an_event_survives_the_loss_of_the_answer(receiver: Receiver) -> None:
    """The event is the only trace of a search whose answer was lost."""
    with Sandbox(chaos="lost-answer", webhooks=[receiver.url]) as sandbox:
        with pytest.raises(ConnectionAbortedError):
            Caller(sandbox).post(support.FIND, support.HIT)
        assert sandbox.wait_until_idle()
        assert [body["id"] for body in receiver.bodies] == [sandbox.jobs[0].id]


def test_a_gateway_error_is_billed_and_is_html() -> None:
    """502 and 504 come as a page, after the search was accepted."""
    with Sandbox(chaos="gateway", rate=None) as sandbox:
        caller = Caller(sandbox)
        answers = [caller.post(support.FIND, support.HIT) for _ in range(12)]
        assert {answer.status_code for answer in answers} == {502, 504}
        assert {answer.mimetype for answer in answers} == {"text/html"}
        assert answers[0].text.startswith("<html>")
        assert sandbox.ledger.spent == 12


@pytest.mark.parametrize(("chaos", "codes"), [("unavailable", {500, 503}), ("throttle", {429})])
def test_what_fails_before_acceptance_takes_nothing(chaos: str, codes: set[int]) -> None:
    """The refusal is JSON, nothing is billed, and GETs still work."""
    with Sandbox(chaos=chaos, rate=None) as sandbox:
        caller = Caller(sandbox)
        answers = [caller.post(support.FIND, support.HIT) for _ in range(12)]
        assert {answer.status_code for answer in answers} == codes
        assert all(list(answer.json) == ["message"] for answer in answers)
        assert sandbox.ledger.debits == 0
        assert sandbox.jobs == []
        assert caller.get("/account/info").status_code == 200


def test_foreign_fields_leave_the_documented_ones_alone(receiver: Receiver) -> None:
    """Unknown keys come on top; what is documented stays as it is, ``custom`` too."""
    settings = {"webhook": receiver.url}
    with Sandbox(chaos="foreign-fields", webhooks=[receiver.url]) as sandbox:
        caller = Caller(sandbox)
        caller.launch(support.FIND, {**support.HIT, "custom": {"a": 1}, "settings": settings})
        caller.launch(support.VERIFY, {"email": "ok@acme.com", "custom": {"a": 1}, "settings": settings})
        assert sandbox.wait_until_idle()
        plain = {job.id: events.body_of(job, sandbox.settings.profile, Decimal(0)) for job in sandbox.jobs}
    for body in receiver.bodies:
        expected = plain[body["id"]]
        assert set(body) - set(expected) == {"xx_version", "xx_trace"}
        for key, value in expected.items():
            known = {name: body[key][name] for name in value} if isinstance(value, dict) else body[key]
            assert known == value
    assert all("xx_unknown" not in (body.get("custom") or body["result"]["custom"]) for body in receiver.bodies)


def test_a_nested_phone_leaves_other_events_alone(receiver: Receiver) -> None:
    """Only the single phone event is wrapped, once even when the profile wraps it already."""
    with Sandbox(chaos="nested-phone", facts={"phone_nested": True}, webhooks=[receiver.url], rate=None) as sandbox:
        caller = Caller(sandbox)
        for path in support.PATHS:
            caller.launch(path)
        assert sandbox.wait_until_idle()
    nested = {body["event"]: body for body in receiver.bodies if "event" in body.get("result", {})}
    assert list(nested) == ["single_phone_search_finished"]
    assert set(nested["single_phone_search_finished"]["result"]["result"]) == {"number", "params", "qualification"}


def test_chaos_can_be_switched_while_running(sandbox: Sandbox, caller: Caller) -> None:
    """A switch works from the next request on, and can be taken back."""
    sandbox.configure(chaos="throttle")
    assert caller.post(support.FIND, support.HIT).status_code == 429
    sandbox.configure(chaos="")
    assert caller.post(support.FIND, support.HIT).status_code == 200


def test_refused_requests_leave_the_decisions_of_others_alone() -> None:
    """A request that is refused anyway does not use up a turn of what happens to accepted ones."""
    with Sandbox(clock=Clock(), chaos="gateway=0.5", seed=5, rate=None) as sandbox:
        caller = Caller(sandbox)
        plain = [caller.post(support.FIND, support.HIT).status_code for _ in range(8)]
        sandbox.reset()
        mixed = []
        for _ in range(8):
            assert caller.post(support.FIND, {}).status_code == 400
            mixed.append(caller.post(support.FIND, support.HIT).status_code)
    assert mixed == plain
