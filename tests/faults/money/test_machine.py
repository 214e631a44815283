"""Money under every order of events: Hypothesis drives the real code against a real sandbox, and the books must agree.

``MONEY_EXAMPLES=1500`` hunts: so many examples, others each time; ``--hypothesis-seed`` repeats them.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.money import tour, tour_runs
from tests.faults.money.machine import MoneyMachine

# The normal run has the same examples every time. The first failure is told as it is: to shrink it takes very long.
EXAMPLES = settings(
    max_examples=int(os.environ.get("MONEY_EXAMPLES", "22")),
    derandomize="MONEY_EXAMPLES" not in os.environ,
    stateful_step_count=40,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.django_db(transaction=True)
def test_no_order_of_events_buys_twice_or_loses_a_result(account):
    """Whatever happens in whatever order: each person is bought once, the sums agree, and all comes to rest."""
    effects = Counter()
    run_state_machine_as_test(lambda: MoneyMachine(*account, effects), settings=EXAMPLES)
    print(
        f"{effects.total()} effects:", *(f"{times:6} {effect}" for effect, times in sorted(effects.items())), sep="\n"
    )


@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_each_rule_of_the_machine_has_its_effect(account):
    """A tour through all rules in a fixed order: nothing that the machine can do is only there in name."""
    effects = Counter()
    for walk in (*tour.TOURS, *tour_runs.TOURS):
        machine = MoneyMachine(*account, effects)
        walk(tour.Guide(machine))
        machine.teardown()
    missing = sorted((tour.EFFECTS | tour_runs.EFFECTS) - set(+effects))
    assert not missing, f"these rules had no effect: {missing}"
