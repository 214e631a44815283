"""Which result belongs to which search: by ``custom`` crm_id, then by position, for verifications by the address.

The echo of the inputs is the check. What does not fit is an orphan: kept aside, never guessed.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from enrow_webhooks.client.inputs import clean_text
from enrow_webhooks.client.text import folded, spelled
from enrow_webhooks.client.values import Kind, Result, Verdict
from leads.kinds import KINDS
from leads.models import LeadSearch


class Sent(NamedTuple):
    """One search of the job, as it was asked for."""

    pk: int
    crm_id: str
    fingerprint: uuid.UUID | None
    value_before: str
    # Its place in the POST; None: it was not sent, but shares a purchase of the job.
    position: int | None = None
    # What stood there before: a result that waits to be written, or comes late.
    outcome: str = LeadSearch.Outcome.PENDING
    value: str = ""
    country: str = ""
    error: str = ""
    effect: str = ""

    def __repr__(self) -> str:
        return f"<Sent {self.pk}>"


class Settled(NamedTuple):
    """One search with its outcome."""

    pk: int
    outcome: str
    value: str = ""
    country: str = ""
    error: str = ""

    def __repr__(self) -> str:
        return f"<Settled {self.pk} {self.outcome}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What fits, and what does not."""

    settled: list[Settled]
    orphans: list[Result]


_OUTCOMES = {Verdict.FOUND: LeadSearch.Outcome.FOUND, Verdict.NOT_FOUND: LeadSearch.Outcome.NOT_FOUND}


def match(
    kind: Kind, rows: Sequence[Sent], results: Iterable[Result], *, country_code: str = "", forgotten: bool = False
) -> Match:
    """Pair results with the rows of the POST, in its order. A row is paired at most once; the first result wins.

    ``forgotten``: some row lost its crm_id, so a result may name one that is not there any more.
    """
    finder = _Finder(kind, rows, country_code, forgotten=forgotten)
    settled: dict[int, Settled] = {}
    orphans: list[Result] = []
    for result in results:
        row = finder.find(result)
        if row is None:
            orphans.append(result)
        elif row.pk not in settled:
            settled[row.pk] = settle_one(kind, row.pk, result)
    return Match(settled=list(settled.values()), orphans=orphans)


def settle_one(kind: Kind, pk: int, result: Result) -> Settled:
    """Return the outcome of one search."""
    outcome = _OUTCOMES.get(result.verdict)
    if outcome is None:
        return Settled(
            pk, LeadSearch.Outcome.ERROR, error="Enrow answered with a qualification that it does not document."
        )
    if outcome == LeadSearch.Outcome.FOUND:
        return Settled(pk, outcome, *KINDS[kind].tidy(result.value, result.country))
    return Settled(pk, outcome, result.value)


class _Finder:
    """The rows of one job, by everything that a result may name them with."""

    def __init__(self, kind: Kind, rows: Sequence[Sent], country_code: str, *, forgotten: bool) -> None:
        self._kind = kind
        self._rows = rows
        self._country_code = country_code
        self._forgotten = forgotten
        # As they come back: in one line. Where that makes two crm_ids one, the place in the POST decides.
        names = Counter(clean_text(row.crm_id) for row in rows)
        self._by_crm_id = {name: row for row in rows if names[name := clean_text(row.crm_id)] == 1}
        self._ambiguous = {name for name, times in names.items() if times > 1}
        self._by_address = {_address(row.value_before): row for row in rows} if KINDS[kind].judges else {}

    def find(self, result: Result) -> Sent | None:
        row = self._candidate(result)
        return row if row is not None and self._echo_fits(row, result) else None

    def _candidate(self, result: Result) -> Sent | None:
        if result.crm_id and result.crm_id not in self._ambiguous:
            row = self._by_crm_id.get(result.crm_id)
            if row or not self._may_be_forgotten(result):
                return row
        if KINDS[self._kind].judges:
            return self._by_address.get(_address(result.value)) if result.value else self._only()
        if result.index is not None:
            return self._rows[result.index] if 0 <= result.index < len(self._rows) else None
        return self._only()

    def _may_be_forgotten(self, result: Result) -> bool:
        """Another lead may have a forgotten purchase's place now; the echo of the inputs says whether it fits."""
        return self._forgotten and (result.echo is not None or self._only() is not None)

    def _only(self) -> Sent | None:
        return self._rows[0] if len(self._rows) == 1 else None

    def _echo_fits(self, row: Sent, result: Result) -> bool:
        echo = result.echo
        if echo is None or row.fingerprint is None:
            return True
        return echo.in_post(self._country_code).fingerprint == row.fingerprint


def _address(value: str) -> str:
    return folded(spelled(value))
