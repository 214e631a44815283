"""What is known to go wrong today: the machine keeps off it, and one strict xfail of ``test_known_faults`` holds each.

The change that fixes an entry removes its line here, and nothing else: the machine then does what it kept off, and the
scenario must pass.
"""

from __future__ import annotations

import pytest

EXPECTED = {
    "A1": "a value reaches a lead whose inputs are not those that were searched",
    "A2": "an echo that Enrow resolved overrules id, custom and index",
    "A3": "one 400 on a bulk GET ends the batch",
    "A4": "a checked date is not when Enrow was asked, and a run that learns nothing writes rows",
    "A5": "a copied database buys again",
    "A6": "a search of another database, or of another person, is written by its crm_id alone",
    "A7": "an event that contradicts what was sent is applied",
    "A8": "one lead that the table refuses blocks its batch",
    "A9": "a refusal that names no row fails the whole batch",
    "A10": "one person in two Unicode forms is bought twice",
    "A11": "LinkedIn member ids lose their capitals",
    "A12": "worthless values are hits",
    "A13": "a placeholder counts as a value",
    "A14": "searches are bought at hosts that are no company",
    "A15": "a title makes another purchase of one person",
    "A16": "an address that a person erased comes back",
    "T5": "an invalid address that was verified elsewhere is booked at 0 credits",
}


def is_fixed(entry: str) -> bool:
    """Tell whether the machine may do what this entry is about; the blank entry is about nothing."""
    return entry not in EXPECTED


def without_known(options: list[tuple[str, object]]) -> list[object]:
    """Return of pairs of entry and option the options that nothing known is wrong with."""
    return [option for entry, option in options if is_fixed(entry)]


def known(entry: str) -> pytest.MarkDecorator:
    """Mark a scenario as failing while its entry stands above."""
    reason = EXPECTED.get(entry, "")
    return pytest.mark.xfail(bool(reason), reason=f"{entry}: {reason}", strict=True)
