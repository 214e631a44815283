"""Rows of a file onto ``leads.Lead``, each under its crm_id."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

from leads import reading
from leads.csvfiles import finding, storing
from leads.csvfiles.fields import CRM_ID
from leads.csvfiles.identity import people
from leads.csvfiles.outcome import Cells, RowBatch, Written
from leads.csvfiles.target import Mode, Target

_NUMBER = re.compile(r"[1-9][0-9]*")
# Characters of an id that zeros may fill.
_WIDEST = 20
_ANOTHER = "there is a lead with its crm_id {!r} who has another name and another company or profile."
_ZEROS = "its crm_id {!r} is new, but there is {!r}: did a spreadsheet take zeros away?"


def write(target: Target, batch: RowBatch, mode: Mode) -> Written:
    """Write rows in the caller's transaction. A row that is about another person than the lead is refused."""
    done = Written()
    cells = {**batch.cells, CRM_ID: batch.ids}
    done.remarks = _without_zeros(target, batch)
    if mode.dry_run:
        return _foreseen(target, batch, cells, mode, done)
    changed, doubtful = storing.update_sparing(target, cells) if mode.update and len(cells) > 1 else (set(), None)
    rest = _only(cells, [crm_id not in changed for crm_id in batch.ids]) if changed else cells
    done.updated = len(changed)
    done.created = storing.insert(target, rest) if rest[CRM_ID] else 0
    if doubtful is None and done.created < len(batch.ids):
        doubtful = storing.others(target, rest)
    if doubtful:
        _settle(target, batch, rest, mode, done, doubtful=doubtful)
    return done


def _settle(target: Target, batch: RowBatch, rest: Cells, mode: Mode, done: Written, *, doubtful: set[Any]) -> None:
    """Look at rows that are not written: some are about others, and some only seemed so."""
    others = _others(target, batch, doubtful)
    if mode.update and (same := doubtful - others):
        done.updated += len(storing.update(target, _only(rest, [crm_id in same for crm_id in rest[CRM_ID]])))
    _refuse(batch, others, done)


def _others(target: Target, batch: RowBatch, doubtful: set[Any]) -> set[Any]:
    """Return the crm_ids under which somebody else is there."""
    numbers = [number for number, crm_id in enumerate(batch.ids) if crm_id in doubtful]
    leads = reading.candidates([(target.mapping.label, batch.ids[number]) for number in numbers])
    rows = zip((batch.ids[number] for number in numbers), people(batch.cells, numbers), strict=True)
    return {crm_id for crm_id, row in rows if crm_id in leads and finding.is_another(finding.BY_ID, row, leads[crm_id])}


def _refuse(batch: RowBatch, others: set[Any], done: Written) -> None:
    for line, crm_id in zip(batch.lines, batch.ids, strict=True):
        if crm_id in others:
            done.refused[line] = _ANOTHER.format(crm_id)


def _foreseen(target: Target, batch: RowBatch, cells: Cells, mode: Mode, done: Written) -> Written:
    """Return what writing would come to; what only the database refuses is not foreseen."""
    known = _there(target, batch.ids)
    others = _others(target, batch, storing.others(target, cells) if known else set())
    _refuse(batch, others, done)
    done.created = len(batch.ids) - len(known)
    done.updated = len(known) - len(others) if mode.update else 0
    return done


def _there(target: Target, crm_ids: Sequence[str]) -> set[str]:
    """Return the crm_ids that leads have."""
    name = target.mapping.crm_id_field
    return set(target.mapping.by_keys(crm_ids).values_list(name, flat=True))


def _without_zeros(target: Target, batch: RowBatch) -> dict[int, str]:
    """Return a remark for each new id that another one would be without its zeros, by the lines."""
    if not target.has_zeros:
        return {}
    padded: dict[str, str] = {}
    for crm_id in batch.ids:
        if _NUMBER.fullmatch(crm_id):
            padded |= {crm_id.zfill(width): crm_id for width in range(len(crm_id) + 1, _WIDEST + 1)}
    found = {padded[longer]: longer for longer in _found(target, list(padded))}
    known = _there(target, list(found))
    lines = dict(zip(batch.ids, batch.lines, strict=True))
    return {lines[crm_id]: _ZEROS.format(crm_id, longer) for crm_id, longer in found.items() if crm_id not in known}


def _found(target: Target, crm_ids: Sequence[str]) -> Iterable[str]:
    for start in range(0, len(crm_ids), storing.ASKED):
        yield from _there(target, crm_ids[start : start + storing.ASKED])


def _only(cells: Cells, kept: Sequence[bool]) -> dict[str, list[Any]]:
    return {name: list(itertools.compress(values, kept)) for name, values in cells.items()}
