"""Which result belongs to which search. What fits none is an orphan: kept aside, never guessed.

A single search was fetched by its id, or proved by its URL: its result is its own. In a batch our ``custom`` names the
row, then the position does. The echo of the inputs (of a verification: its address) decides only where these are
missing or contradict each other: nobody promises that it is verbatim.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from enrow_webhooks.client.errors import BadInput
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
    inputs: uuid.UUID | None = None
    asked_at: dt.datetime | None = None
    # Label of the lead's model.
    model: str = ""
    # The crm_id that Enrow was told, where the lead was merged into another since.
    sent_as: str = ""

    def __repr__(self) -> str:
        return f"<Sent {self.pk}>"

    @property
    def name(self) -> str:
        """What Enrow calls it, as it comes back: in one line."""
        return clean_text(self.sent_as or self.crm_id)


class Settled(NamedTuple):
    """One search with its outcome."""

    pk: int
    outcome: str
    value: str = ""
    country: str = ""
    error: str = ""

    def __repr__(self) -> str:
        return f"<Settled {self.pk} {self.outcome}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Match:
    """What fits, and what does not."""

    settled: list[Settled]
    orphans: list[Result]
    # Searches that Enrow still works on, though their batch is complete.
    ongoing: frozenset[int]
    # How many results Enrow takes credits for as found, usable or not; a repeat of one counts once.
    hits: int


_OUTCOMES = {Verdict.FOUND: LeadSearch.Outcome.FOUND, Verdict.NOT_FOUND: LeadSearch.Outcome.NOT_FOUND}
_REASONS = {
    Verdict.WORTHLESS: "Enrow says that it found something, but sent no value that can be read.",
    Verdict.UNUSABLE: "Enrow answered with a qualification that it does not document.",
    Verdict.ONGOING: "Enrow still worked on this search when its time was over, though it called the batch complete.",
}


def match(
    kind: Kind,
    rows: Sequence[Sent],
    results: Iterable[Result],
    *,
    is_single: bool = False,
    country_code: str = "",
    forgotten: bool = False,
) -> Match:
    """Pair results with the rows of the POST, in its order. A row is paired at most once; the first result wins.

    ``forgotten``: some row lost its crm_id, so a result may name one that is not there any more.
    """
    finder = _Finder(kind, rows, country_code, is_single=is_single, forgotten=forgotten)
    paired: dict[int, Result] = {}
    orphans: list[Result] = []
    for result in results:
        row = finder.find(result)
        if row is None:
            orphans.append(result)
        elif row.pk not in paired or paired[row.pk].verdict is Verdict.ONGOING:
            paired[row.pk] = result
    return Match(
        settled=[settle_one(kind, pk, result) for pk, result in paired.items()],
        orphans=orphans,
        ongoing=frozenset(pk for pk, result in paired.items() if result.verdict is Verdict.ONGOING),
        hits=sum(result.is_hit for result in (*paired.values(), *orphans)),
    )


def settle_one(kind: Kind, pk: int, result: Result) -> Settled:
    """Return the outcome of one search. A hit that cannot be used is kept with what came and the reason: it is paid."""
    outcome = _OUTCOMES.get(result.verdict)
    if outcome is None:
        outcome = LeadSearch.Outcome.UNUSABLE if result.is_hit else LeadSearch.Outcome.ERROR
        return Settled(pk, outcome, result.value, error=_REASONS[result.verdict])
    if outcome != LeadSearch.Outcome.FOUND:
        return Settled(pk, outcome, result.value)
    try:
        return Settled(pk, outcome, *KINDS[kind].tidy(result.value, result.country))
    except BadInput as error:
        # Without what was found: that has a column of its own, which not everybody may see.
        sentence = re.sub(r"^(\w+ )?(['\"]).*\2( is | has )", r"it\3", str(error), flags=re.DOTALL)
        sentence = f"Enrow says that it found something, but {sentence}"
        return Settled(pk, LeadSearch.Outcome.UNUSABLE, result.value, result.country, sentence)


class _Finder:
    """The rows of one job, by everything that a result may name them with."""

    def __init__(
        self, kind: Kind, rows: Sequence[Sent], country_code: str, *, is_single: bool, forgotten: bool
    ) -> None:
        self._kind = kind
        self._rows = rows
        self._country_code = country_code
        self._is_single = is_single
        self._forgotten = forgotten
        # Where two crm_ids become one on their way, the place in the POST decides.
        named = [(row.name, row) for row in rows]
        names = Counter(name for name, _ in named)
        self._by_crm_id = {name: row for name, row in named if names[name] == 1}
        self._ambiguous = {name for name, times in names.items() if times > 1}
        # A search that came back to the queue after its lead was merged was sent again as what that is by now.
        for row in rows:
            if row.sent_as and (name := clean_text(row.crm_id)) not in names:
                self._by_crm_id.setdefault(name, row)

    def find(self, result: Result) -> Sent | None:
        """Return the row that a result belongs to, None when it fits none."""
        named, placed = self._by_crm_id.get(result.crm_id), self._placed(result)
        if self._is_single:
            return None if self._names_another(result) else next(iter(self._rows), None)
        if KINDS[self._kind].judges and result.value:
            return self._echoed(result)  # a verdict is about its address, wherever it stands
        contradicts = self._names_another(result) or (result.index is not None and placed is None)
        if not contradicts and (placed is None or named in {None, placed}):
            return named or placed or self._echoed(result)
        return self._echoed(result) or named

    def _names_another(self, result: Result) -> bool:
        """Whether ``custom`` names a lead that is not in the job; who was forgotten once was."""
        known = not result.crm_id or result.crm_id in self._by_crm_id or result.crm_id in self._ambiguous
        return not (known or self._forgotten)

    def _placed(self, result: Result) -> Sent | None:
        at = result.index
        return self._rows[at] if at is not None and 0 <= at < len(self._rows) else None

    def _echoed(self, result: Result) -> Sent | None:
        if KINDS[self._kind].judges:
            return self._by_address.get(_address(result.value))
        echo = result.echo
        return self._by_fingerprint.get(echo.in_post(self._country_code).fingerprint) if echo else None

    @cached_property
    def _by_address(self) -> dict[str, Sent]:
        return {_address(row.value_before): row for row in self._rows if row.value_before}

    @cached_property
    def _by_fingerprint(self) -> dict[str, Sent]:
        return {row.fingerprint.hex: row for row in self._rows if row.fingerprint}


def _address(value: str) -> str:
    return folded(spelled(value))
