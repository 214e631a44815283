"""All faults: those that once lived unnoticed, and those of each part of ``leads/``."""

from __future__ import annotations

from tests.mutants import earlier, outbox, people, rest, results
from tests.mutants.fault import Fault

FAULTS: list[Fault] = [*earlier.FAULTS, *outbox.FAULTS, *results.FAULTS, *rest.FAULTS, *people.FAULTS]
