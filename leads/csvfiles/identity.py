"""Who a row of a file is about, where it gives no crm_id: always the same id for the same person.

A digest, never the text: a crm_id stands in logs. It has no key, because a copy of the project, or one with another
SECRET_KEY, would otherwise make everybody anew.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
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


def people(cells: Cells, numbers: Sequence[int]) -> Iterator[Candidate]:
    """Yield what these rows say of people, one by one; a file names nobody by a primary key."""
    blank = [""] * len(numbers)
    columns = [_texts(cells[name], numbers) if name in cells else blank for name in Candidate._fields[1:]]
    return map(Candidate, itertools.repeat(None), *columns)


def _texts(values: Sequence[Any], numbers: Sequence[int]) -> list[str]:
    chosen = values if len(numbers) == len(values) else [values[number] for number in numbers]
    return [value if type(value) is str else reading.text(value) for value in chosen]


def named(cells: Cells) -> tuple[list[str], Counter[str]]:
    """Return an id for each row, and by what the rows are known: crm_id, profile, e-mail, name and company, nothing."""
    ids: list[Any] = list(cells[CRM_ID])
    numbers = [number for number, crm_id in enumerate(ids) if crm_id is None]
    ways: list[str] = []
    for number, person in zip(numbers, people(cells, numbers), strict=True):
        ids[number], way = _named(person)
        ways.append(way)
    known_by = Counter({CRM_ID: len(ids) - len(numbers)})
    known_by.update(ways)
    return ids, known_by


def _named(person: Candidate) -> tuple[str, str]:
    for way in WAYS:
        for key in way.keys(person):
            return _digest(key), way.name
    return new_crm_id(), NOTHING


def _digest(key: tuple[str, ...]) -> str:
    return hashlib.blake2b("\x1f".join(key).encode("utf-8", "replace"), digest_size=_DIGEST_SIZE).hexdigest()
