"""Rows of a file onto any mapped model: who is there is found, the others are made where nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from leads import reading
from leads.csvfiles import finding, saving, storing
from leads.csvfiles.fields import CRM_ID
from leads.csvfiles.identity import people
from leads.csvfiles.outcome import RowBatch, Written
from leads.csvfiles.target import Mode, Target
from leads.kinds import Candidate


def write(target: Target, batch: RowBatch, mode: Mode) -> Written:
    """Write rows in the caller's transaction: also onto who is there, where the mode says so."""
    rows = list(people({**batch.cells, CRM_ID: _crm_ids(target, batch)}, range(len(batch.lines))))
    found = finding.find(target.mapping, rows)
    done = Written()
    done.refused = _refused(target, batch, rows, found, update=mode.update)
    there = {number: lead for number, lead in found.leads.items() if batch.lines[number] not in done.refused}
    done.found_by.update(found.by[number].name for number in there)
    new = _complete(target, batch, [number for number in range(len(rows)) if number not in found.by], done)
    if mode.dry_run:
        done.updated, done.created = len(there) if mode.update else 0, len(new)
        return done
    if mode.update and there:
        done.updated = _update(target, batch, there, done, save=mode.save)
    done.created = _create(target, batch, new, done, save=mode.save)
    return done


def _crm_ids(target: Target, batch: RowBatch) -> list[str | None]:
    """Return the crm_ids as they would be: an id of another program is one where it may become a key."""
    if target.is_own:
        return [*batch.ids]
    prefix = target.mapping.crm_id_prefix if target.fills_key else ""
    return [_prefixed(prefix, crm_id) if crm_id else None for crm_id in batch.cells[CRM_ID]]


def _prefixed(prefix: str, crm_id: str) -> str:
    return crm_id if crm_id.startswith(prefix) else f"{prefix}{crm_id}"


def _refused(
    target: Target, batch: RowBatch, rows: Sequence[Candidate], found: finding.Found, *, update: bool
) -> dict[int, str]:
    """Return why rows are refused that are about leads which are there, by their lines."""
    refused: dict[int, str] = {}
    first: dict[str, int] = {}
    hidden = _hidden(target, [lead.crm_id for lead in found.leads.values()])
    for number, lead in sorted(found.leads.items()):
        line = batch.lines[number]
        if earlier := first.get(lead.crm_id):
            refused[line] = f"it is about {lead.crm_id}, as line {earlier} is."
        elif lead.crm_id in hidden:
            refused[line] = f"it is {lead.crm_id}, which the project hides."
        elif finding.is_another(found.by[number], rows[number], lead):
            refused[line] = (
                f"its {found.by[number].name} is that of {lead.crm_id}, which has another {found.by[number].against}."
            )
        first.setdefault(lead.crm_id, line)
    if update:
        refused |= {
            batch.lines[number]: f"several leads fit it by {found.by[number].name}: {', '.join(crm_ids[:3])}."
            for number, crm_ids in found.doubtful.items()
        }
    return refused


def _hidden(target: Target, crm_ids: Sequence[str]) -> set[str]:
    """Return the leads that the model's own manager does not show, like those that were deleted softly."""
    shown = target.mapping.model._default_manager.using(target.mapping.alias)
    if not crm_ids or not reading.narrows(shown.all()):
        return set()
    keys = [target.mapping.key(crm_id) for crm_id in crm_ids]
    field = target.mapping.crm_id_field
    known = shown.filter(**{f"{field}__in": keys}).values_list(field, flat=True)
    return set(crm_ids) - {target.mapping.crm_id(key) for key in known}


def _complete(target: Target, batch: RowBatch, numbers: Sequence[int], done: Written) -> list[int]:
    """Return the new rows with all that the model needs; refuse the others."""
    complete = []
    for number in numbers:
        missing = [word for word in target.required if _cell(target, batch, word, number) is None]
        if missing:
            named = ", ".join(_named(target, word) for word in missing)
            done.refused[batch.lines[number]] = f"it is new, and a new {_model(target)} needs {named}."
        elif why := _wrong_key(target, _new_key(target, batch, number)):
            done.refused[batch.lines[number]] = why
        else:
            complete.append(number)
    return complete


def _wrong_key(target: Target, key: str | None) -> str:
    """Return why a text cannot be the key of a new lead, as the model's own field says."""
    try:
        if key:
            target.columns[CRM_ID].clean(key, None)
    except ValidationError as error:
        return f"crm_id: {' '.join(error.messages)}"
    return ""


def _cell(target: Target, batch: RowBatch, word: str, number: int) -> Any:  # noqa: ANN401 - whatever the field holds
    if word == CRM_ID:
        return _new_key(target, batch, number)
    return batch.cells[word][number] if word in batch.cells else None


def _named(target: Target, word: str) -> str:
    field = target.columns[word]
    return word if word == field.name else f"{word} ({field.name})"


def _model(target: Target) -> str:
    return str(target.mapping.model._meta.verbose_name)


def _new_key(target: Target, batch: RowBatch, number: int) -> str | None:
    """Return the key that a file gives a new lead, None for none: a crm_id of ours without its prefix, or the id."""
    if target.is_own:
        return batch.ids[number]
    crm_id = batch.cells[CRM_ID][number] if target.fills_key else None
    return crm_id.removeprefix(target.mapping.crm_id_prefix) if crm_id else None


def _words(target: Target, batch: RowBatch) -> list[str]:
    """Return which cells are stored."""
    return [word for word in batch.cells if word != CRM_ID and target.fields[word].field is not None]


def _update(target: Target, batch: RowBatch, leads: Mapping[int, Candidate], done: Written, *, save: bool) -> int:
    words = _words(target, batch)
    keys = {number: target.mapping.key(lead.crm_id) for number, lead in leads.items()}
    if not words:
        return 0
    if not (save or target.needs_orm):
        cells = {word: [batch.cells[word][number] for number in keys] for word in words}
        return len(storing.update(target, {CRM_ID: list(keys.values()), **cells}))
    instances = target.mapping.by_keys(keys.values()).order_by(target.mapping.crm_id_field).select_for_update()
    by_key = {getattr(instance, target.columns[CRM_ID].attname): instance for instance in instances}
    updated = 0
    for number, key in keys.items():
        row = {word: batch.cells[word][number] for word in words}
        changed, why = saving.update(target, row, by_key[key]) if key in by_key else (False, "")
        updated += changed
        if why:
            done.refused[batch.lines[number]] = why
    return updated


def _create(target: Target, batch: RowBatch, numbers: Sequence[int], done: Written, *, save: bool) -> int:
    if not numbers:
        return 0
    words = _words(target, batch)
    cells: dict[str, list[Any]] = {word: [batch.cells[word][number] for number in numbers] for word in words}
    keys = [_new_key(target, batch, number) for number in numbers]
    if any(keys):
        cells[CRM_ID] = keys
    if not (save or target.needs_orm):
        return storing.insert(target, cells)
    created = 0
    for number, *values in zip(numbers, *cells.values(), strict=True):
        why = saving.create(target, dict(zip(cells, values, strict=True)))
        created += not why
        if why:
            done.refused[batch.lines[number]] = why
    return created
