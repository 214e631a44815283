"""Money under every order of events: Hypothesis drives the real code against a real sandbox, and the books must agree.

``HYPOTHESIS_PROFILE=long`` runs many more examples, with a fresh seed that it prints. ``MONEY_SEED`` repeats one.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.money.machine import MoneyMachine
from tests.faults.money.tour import EFFECTS, TOURS, Guide

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
# The normal run has the same examples every time; a hunt has others, and reports the first failure as it is.
NORMAL = settings(max_examples=40, stateful_step_count=40, derandomize=True, phases=[Phase.generate])
LONG = settings(max_examples=1500, stateful_step_count=50, phases=[Phase.generate], print_blob=True)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.django_db(transaction=True)
def test_no_order_of_events_buys_twice_or_loses_a_result(account):
    """Whatever happens in whatever order: each person is bought once, the sums agree, and all comes to rest."""
    effects = Counter()

    def machine():
        return MoneyMachine(*account, effects)

    if IS_LONG:
        number = int(os.environ.get("MONEY_SEED") or secrets.randbits(32))
        print(f"MONEY_SEED={number}")
        machine = seed(number)(machine)
    profile = settings(LONG if IS_LONG else NORMAL, deadline=None, database=None, suppress_health_check=SLOW)
    run_state_machine_as_test(machine, settings=profile)
    print(f"{effects.total()} effects:", *sorted(effects.items()), sep="\n")


@pytest.mark.django_db(transaction=True)
def test_each_rule_of_the_machine_has_its_effect(account):
    """A tour through all rules in a fixed order: nothing that the machine can do is only there in name."""
    effects = Counter()
    for tour in TOURS:
        machine = MoneyMachine(*account, effects)
        tour(Guide(machine))
        machine.teardown()
    missing = sorted(EFFECTS - set(+effects))
    assert not missing, f"these rules had no effect: {missing}"
