"""All faults: those that once lived unnoticed, and those of each part of ``leads/``."""

from __future__ import annotations

from tests.mutants import admin, api, earlier, files, mappings, outbox, people, rest, results, rules, testing
from tests.mutants.fault import Fault

FAULTS: list[Fault] = [
    *earlier.FAULTS,
    *outbox.FAULTS,
    *mappings.FAULTS,
    *results.FAULTS,
    *rest.FAULTS,
    *people.FAULTS,
    *admin.FAULTS,
    *api.FAULTS,
    *files.FAULTS,
    *rules.FAULTS,
    *testing.FAULTS,
]
