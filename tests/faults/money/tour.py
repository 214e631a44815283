"""A tour: every rule once, in an order in which each has its effect. What is random may miss one; this does not."""

from __future__ import annotations

from decimal import Decimal

from enrow_webhooks.client.values import Kind
from tests.faults.money.machine import MoneyMachine
from tests.faults.money.orders import EVERYTHING
from tests.faults.money.scene import ENROWS, PRICES, WEATHER
from tests.faults.money.workers import MIDNIGHTS
from tests.faults.money.world import PEOPLE

ANN, BOB, CID, DAN, EVE, FOX, ZOE = PEOPLE
LAST = -1
EMAIL, PHONE, VERIFY = ({"email"}, False), ({"phone"}, False), (set(), True)


def buying(go):
    """Each kind, single and bulk, by events; what is shared, used again, forced, and bought anew after its window."""
    go.set_up(prices=PRICES[1])
    go.add_leads([ANN], 0)
    for find in (EMAIL, PHONE):
        go.order(find)
        go.everything_goes_well_by_events()
    go.add_leads([BOB, CID, DAN, ZOE, CID], 1)
    go.add_leads([FOX], 0, "bounce@firm9.com")
    go.add_leads([ZOE], 2, "ok@firm9.com")
    go.add_leads([ANN], 2, "ok@firm9.com")
    for find in (VERIFY, EMAIL, PHONE):
        go.order(find)
        go.add_leads([CID], 2)
        go.order(find)
        go.everything_goes_well_by_events()
    go.add_leads([ANN], 2, "ok@firm9.com")
    go.order(VERIFY)
    go.everything_goes_well_by_events()
    go.add_leads([EVE], 0)
    go.order(EMAIL, [LAST, 0], overwrite=True, force=True)
    by_its_event(go, "fine")
    go.retry()
    go.type_a_value(0, ("email", "typed@firm9.com"))
    go.order(VERIFY)
    go.everything_goes_well_by_events()
    for days in ("29 days", "89 days", "91 days"):
        go.add_leads([BOB, DAN], 2)
        go.add_leads([ANN], 2, "bounce@firm9.com")
        go.order(EVERYTHING, overwrite=True)
        go.everything_goes_well_by_events()
        go.time_passes(days)
    go.add_leads([DAN, BOB], 0)
    go.order(EMAIL)
    go.order(EMAIL, overwrite=True, force=True)
    go.everything_goes_well_by_events()
    go.order(EMAIL, overwrite=True, force=True)
    go.everything_goes_well_by_events()
    go.a_night()
    go.a_night()


def by_its_event(go, weather):
    """One job is sent, its search ends, and its event comes."""
    go.submit(weather)
    go.enrow_finishes_one(LAST)
    go.deliver(LAST)


def limits(go):
    """The limit of a day that is not UTC's, the cap of a run, a balance to the cent, and no credits at all."""
    go.set_up(limit=Decimal("3.1"))
    go.add_leads([ANN, BOB, CID, DAN], 0)
    go.order(EMAIL, [0], cap=1)
    go.plan_slowly(EMAIL, [2, 3])
    go.order(EMAIL, cap=1)
    go.queue_what_was_planned(False)
    go.order(EMAIL)
    go.everything_goes_well_by_events()
    go.time_passes(MIDNIGHTS[0])
    go.add_leads([ZOE], 0)
    go.add_leads([ANN], 0, "bounce@firm9.com")
    go.order(EMAIL)
    go.order(PHONE, [0])
    go.order(VERIFY)
    go.order(EMAIL, force=True, overwrite=True)
    go.time_passes(MIDNIGHTS[1])
    go.order(EMAIL, force=True, overwrite=True)
    go.everything_goes_well_for_a_while()
    go.set_limit(None)
    go.add_leads([ANN], 0)
    go.order(PHONE, [LAST], force=True)
    go.submit("a bad key")
    go.add_leads([ZOE, DAN], 1)
    go.order_with_an_exact_balance(PHONE, (1, Decimal(0)))
    for find, exact in [(EMAIL, (1, Decimal("-0.01"))), (EMAIL, (2, Decimal(0))), (PHONE, (1, Decimal("-0.01")))]:
        go.time_passes("91 days")
        go.add_leads([ANN, ZOE, DAN], 1)
        go.order_with_an_exact_balance(find, exact)
        go.order_with_an_exact_balance(find, exact)
    go.everything_goes_well_for_a_while()


def trouble(go):
    """Every weather, answers that are lost, jobs that are held, workers that stall and die, decisions."""
    go.set_up(enrow=ENROWS[1])
    for name in WEATHER:
        go.add_leads([ANN, DAN], 0)
        go.order(PHONE if "phones" in name else EMAIL, force=True)
        go.submit(name)
        go.submit(name)
        for choice in (0, 1):
            go.decide(0, choice)
        go.weather(name)
        go.enrow_finishes_one(0)
        go.everything_goes_well_for_a_while()
        go.weather("fine")
        go.everything_goes_well_by_events()
        go.leases_run_out()
        go.time_passes("an hour")
    go.add_leads([ZOE, CID], 0)
    go.everything_goes_well_by_events()
    go.order(EMAIL, force=True)
    by_its_event(go, "answers get lost")
    go.order(PHONE)
    go.submit("fine", stalls=True)
    go.the_stalled_worker_continues(0)
    for weather, moment in zip(
        ["answers get lost", "fine", "Enrow is unavailable"],
        ["at the POST", "before the POST", "at the POST"],
        strict=True,
    ):
        go.add_leads([ANN, BOB, CID], 0)
        go.order(EVERYTHING, force=True)
        go.submit(weather, stalls=True)
        go.a_worker_dies(0, moment)
        go.leases_run_out()
        go.decide(0, 7)
        go.decide(0, 0)
        if go.stalled:
            go.the_stalled_worker_continues(0)
        go.everything_goes_well_for_a_while()


def workers(go):
    """Planners that are slow or die, workers that die, a deadline, orders that are rolled back."""
    go.set_up(enrow=ENROWS[2])
    go.add_leads([ANN, CID, DAN], 0)
    go.order_and_roll_back(EMAIL)
    go.plan_slowly(EMAIL)
    go.plan_slowly(PHONE)
    go.order(EMAIL)
    go.queue_what_was_planned(False)
    go.queue_what_was_planned(True)
    go.leases_run_out()
    go.enrow_finishes_one(0)
    go.a_worker_dies(0, "before it writes the leads")
    go.deliver(0, is_processed=False)
    go.a_worker_dies(0, "over an event")
    go.leases_run_out()
    go.process()
    go.deliver(0)
    go.order(PHONE)
    go.submit()
    go.nothing_came_by_the_deadline(0)
    go.retry(Decimal(40))
    go.enrow_finishes_one(0)
    go.deliver(1, by_secret=True)
    go.order(PHONE)
    go.submit()
    go.poll(0)
    go.decide(0, 9)
    go.add_leads([ZOE, BOB], 0)
    go.order(EMAIL)
    go.submit("a bad key")
    go.decide(0, 8)
    go.decide(0, 7)


def slow_planners(go):
    """What a planner wants was bought, and has come, before it queues."""
    go.set_up()
    go.add_leads([ANN, CID], 0)
    go.plan_slowly(EMAIL)
    go.plan_slowly(EMAIL, force=True)
    go.order(EMAIL)
    go.everything_goes_well_by_events()
    go.queue_what_was_planned(False)
    go.queue_what_was_planned(False)
    go.everything_goes_well_by_events()
    go.add_leads([EVE, ZOE], 0)
    go.order(EMAIL)
    go.everything_goes_well_by_events()
    go.add_leads([EVE, DAN], 0)
    go.order(EMAIL, [-1, -2], overwrite=True)
    go.everything_goes_well_by_events()
    go.retry(Decimal(1))


def held_over_a_reading(go):
    """What Enrow refused took nothing: cancelled after the next reading of the balance, it gives nothing back."""
    go.set_up()
    go.add_leads([ANN], 0)
    go.weather("no phones in the plan")
    go.order(PHONE)
    go.everything_goes_well_for_a_while()
    go.time_passes("91 days")
    go.everything_goes_well_for_a_while()
    go.decide(0, 7)


def people(go):
    """Leads that change, go and are forgotten, with and without a search that runs; other programs' searches."""
    go.set_up(enrow=ENROWS[3])
    go.add_leads([ANN, BOB, CID, DAN, ZOE, ANN, ANN, DAN], 0)
    go.order(EMAIL)
    go.edit_who_it_is(1, CID, 0)
    go.type_a_value(3, ("email", "typed@firm9.com"))
    go.submit()
    go.type_a_value(2, ("email", "ok@firm9.com"))
    go.delete_lead(4)
    go.forget(0)
    go.forget(3)
    go.everything_goes_well_by_events()
    go.order(EMAIL, overwrite=True, force=True)
    go.submit()
    go.submit()
    go.type_a_value(0, ("email", "typed@firm9.com"))
    go.type_a_value(1, ("email", "typed@firm9.com"))
    go.everything_goes_well_by_events()
    go.delete_lead(0)
    go.edit_who_it_is(0, ZOE, 1)
    go.erase_a_value(3, "email")
    go.give_a_crm_id_to_another(1, DAN, 0)
    go.add_leads([CID, CID], 0)
    go.order(EVERYTHING)
    go.everything_goes_well_by_events()
    go.forget(3)
    go.add_leads([ZOE, DAN], 0)
    go.everything_goes_well_by_events()
    go.add_leads([ANN], 0)
    go.order(PHONE, [LAST], force=True)
    go.submit()
    go.forget(LAST)
    go.everything_goes_well_by_events()
    for kind in (Kind.FIND_EMAIL, Kind.FIND_PHONE):
        go.another_program_searches(9, kind, True)
        go.another_program_searches(0, kind, False)
    go.everything_goes_well_by_events()
    go.order(EMAIL)
    go.submit("searches end before the answer")
    go.order(EMAIL, overwrite=True, force=True)
    go.everything_goes_well_by_events()


TOURS = [buying, limits, trouble, workers, slow_planners, held_over_a_reading, people]
EFFECTS = {
    *(f"bought: {kind} {size}" for kind in Kind for size in ("single", "bulk")),
    *(f"{what}: {kind}" for what in ("to_search", "shared", "reused") for kind in Kind),
    *(f"skipped: {reason}" for reason in ("already", "in_flight", "missing", "over_cap", "over_day", "over_balance")),
    *(
        f"bought again: {why}"
        for why in (
            "failed",
            "forced",
            "forgotten",
            "given up",
            "the window of a hit is over",
            "the window of a miss is over",
        )
    ),
    *(f"effect: {effect}" for effect in ("written", "kept", "stale", "orphan", "erased")),
    *(f"time passes: {how_long}" for how_long in ("an hour", "29 days", "89 days", "91 days", *MIDNIGHTS)),
    *(
        f"{what}{when}"
        for what in ("a lead deleted", "a value typed", "forgotten")
        for when in ("", " while a search runs")
    ),
    *("inputs edited", "inputs edited while a search waits", "a value erased", "a crm_id given to another"),
    *("email written", "phone written", "a result by its event", "a result by the shared secret"),
    *("an event processed", "a repeat changes nothing", "a search ended"),
    *("searched elsewhere for a lead", "searched elsewhere for nobody of ours"),
    *(
        f"a worker died {when}"
        for when in ("before the POST", "at the POST", "over an event", "before it writes the leads")
    ),
    *("a stalled worker continued", "a stalled worker was refused", "a job waits no longer for a dead worker"),
    *("a planner died", "what a dead planner reserved is given back", "bought by somebody else since it was planned"),
    *("an order rolled back", "a night bought nothing again", "a balance reached", "the balance is explained"),
    *("a new day allows what the last refused", "searched again after an error", "sent again"),
    *("resume: held", "cancel: held", "cancel: queued", "resend: unconfirmed", "give_up: unconfirmed"),
    *("new to queued", "queued to running", "running to finished", "running to failed", "running to expired"),
    *("queued to held", "queued to unconfirmed", "queued to cancelled", "queued to sending", "sending to running"),
    *("held to queued", "held to cancelled", "unconfirmed to finished", "unconfirmed to expired"),
    *("expired to finished", "queued to finished"),
}


class Guide:
    """Calls the rules of a machine, and looks at the books after each."""

    def __init__(self, machine: MoneyMachine) -> None:
        self._machine = machine

    def __getattr__(self, name):
        found = getattr(self._machine, name)
        if not callable(found):
            return found

        def rule(*args, **kwargs):
            found(*args, **kwargs)
            self._machine.the_books_agree()

        return rule
