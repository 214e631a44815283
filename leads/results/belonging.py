"""Whether a result still belongs to its lead: the lead's inputs must be those that were searched.

The database compares digests of the inputs, row by row, as it writes. Leads whose digest differs are compared here by
what would be sent for them now, so that a trimmed space costs nobody a result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from enrow_webhooks.client.values import Kind
from leads import reading
from leads.digests import digest
from leads.eligibility import judge, value_before
from leads.kinds import KINDS, Candidate
from leads.skips import Skip


class Row(Protocol):
    """A search with what was known of its lead when it was planned."""

    @property
    def model(self) -> str:
        """Label of the lead's model."""

    @property
    def crm_id(self) -> str:
        """The lead."""

    @property
    def fingerprint(self) -> UUID | None:
        """The person who was searched; None: nothing is known."""

    @property
    def inputs(self) -> UUID | None:
        """Digest of the lead's inputs; None: nothing to compare."""

    @property
    def value_before(self) -> str:
        """What the lead had in the field that the search is about."""


R = TypeVar("R", bound=Row)


@dataclass(slots=True, repr=False)
class Split(Generic[R]):
    """Rows by what became of their leads."""

    # May still be written; belongs to its lead no more, because the lead changed; has no lead any more.
    may: list[R] = field(default_factory=list)
    changed: list[R] = field(default_factory=list)
    gone: list[R] = field(default_factory=list)


def split(kind: Kind, rows: Sequence[R], *, lock: bool = False) -> Split[R]:
    """Tell which rows may still be written to their leads as these are now.

    A row whose lead got another value is in none of the lists. One query for each model; ``lock`` keeps the leads as
    they are until the transaction of the caller ends.
    """
    leads = reading.candidates([(row.model, row.crm_id) for row in rows], lock=lock)
    return sort(kind, rows, leads)


def sort(kind: Kind, rows: Sequence[R], leads: Mapping[str, Candidate]) -> Split[R]:
    """Tell the same of leads that are known, by crm_id."""
    found: Split[R] = Split()
    for row in rows:
        lead = leads.get(row.crm_id)
        if lead is None:
            found.gone.append(row)
        elif not _fits(kind, row, lead):
            found.changed.append(row)
        elif KINDS[kind].judges or value_before(kind, lead) in {"", row.value_before}:
            found.may.append(row)
    return found


def as_searched(kind: Kind, lead: Candidate, judged: str) -> dict[str, Any]:
    """Return what a search holds of the lead that it is about, where planning did not write it.

    ``judged``: the value that a verdict is about.
    """
    facts, own = KINDS[kind], value_before(kind, lead)
    seen = lead._replace(**{facts.value: judged}) if facts.judges else lead
    verdict = judge(kind, seen, overwrite=True)
    # A verdict is only written to a lead that has the address it judged; a word for nothing is replaced.
    before = judged if facts.judges else "" if facts.is_value(own) else own
    return {
        "fingerprint": None if isinstance(verdict, Skip) else UUID(verdict.fingerprint),
        "inputs": UUID(digest(lead)),
        "value_before": before,
    }


def _fits(kind: Kind, row: Row, lead: Candidate) -> bool:
    if KINDS[kind].judges:
        is_same = value_before(kind, lead) == row.value_before
    else:
        is_same = row.inputs is None or row.inputs.hex == digest(lead)
    if is_same or row.fingerprint is None:
        return is_same
    verdict = judge(kind, lead, overwrite=True)
    return not isinstance(verdict, Skip) and verdict.fingerprint == row.fingerprint.hex
