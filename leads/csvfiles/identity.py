"""Who a row of a file is about, where it gives no crm_id: always the same id for the same person.

A digest, never the text: a crm_id stands in logs. It has no key, because a copy of the project, or one with another
SECRET_KEY, would otherwise make everybody anew.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from leads import reading
from leads.csvfiles.fields import CRM_ID
from leads.csvfiles.finding import WAYS
from leads.csvfiles.outcome import Cells
from leads.kinds import Candidate
from leads.models.leads import new_crm_id

# Bytes: among a million people, two get the same once in 10^17 files.
_DIGEST_SIZE = 12
NOTHING = "nothing"


def people(cells: Cells, numbers: Sequence[int]) -> list[Candidate]:
    """Return what these rows say of people; a file names nobody by a primary key."""
    columns = [cells.get(name) for name in Candidate._fields[1:]]
    return [
        Candidate._make([None, *(reading.text(column[number]) if column else "" for column in columns)])
        for number in numbers
    ]


def named(cells: Cells) -> tuple[list[str], Counter[str]]:
    """Return an id for each row, and by what the rows are known: crm_id, profile, e-mail, name and company, nothing."""
    ids: list[Any] = list(cells[CRM_ID])
    numbers = [number for number, crm_id in enumerate(ids) if crm_id is None]
    known_by = Counter({CRM_ID: len(ids) - len(numbers)})
    for number, person in zip(numbers, people(cells, numbers), strict=True):
        ids[number], way = _named(person)
        known_by[way] += 1
    return ids, known_by


def _named(person: Candidate) -> tuple[str, str]:
    for way in WAYS:
        for key in way.keys(person):
            return _digest(key), way.name
    return new_crm_id(), NOTHING


def _digest(key: tuple[str, ...]) -> str:
    return hashlib.blake2b("\x1f".join(key).encode("utf-8", "replace"), digest_size=_DIGEST_SIZE).hexdigest()
