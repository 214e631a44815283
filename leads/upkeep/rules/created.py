"""Rows that were made since a rule was switched on, each once, however late it was committed.

A transaction that is open for minutes shows its rows behind others that a look has passed. So the rows of each stretch
are looked at twice: at once, and when what was late must be there. Who was asked for in between is written down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from enrow_webhooks.bounded_counts import count
from leads.mapping import LeadMapping
from leads.models import EnrichmentRuleState, RuleLead
from leads.rules import EnrichmentRule
from leads.runs import selecting
from leads.upkeep.rules import places
from leads.upkeep.rules.asking import leads_of
from leads.upkeep.rules.places import Place, Rows

# Rows that one look reads in each of its two places.
MOST = 5000


@dataclass(slots=True, repr=False)
class Chosen:
    """Leads that go into a run, by their primary keys."""

    pks: list[Any] = field(default_factory=list)
    # Those of them that were asked for before, when no credits were left.
    again: list[str] = field(default_factory=list)
    # When the verdict was of, that is to be checked again.
    dates: dict[Any, dt.datetime] = field(default_factory=dict)
    # Whether more wait that could be paid.
    has_more: bool = False


def rows_of(rule: EnrichmentRule, mapping: LeadMapping) -> Rows:
    """Return the rows of a rule in their order."""
    return Rows(mapping=mapping, leads=leads_of(rule, mapping), path=rule.created_at)


def start(rule: EnrichmentRule, mapping: LeadMapping, state: EnrichmentRuleState, now: dt.datetime) -> None:
    """Begin behind every row that is there."""
    here = rows_of(rule, mapping).end(now).stored()
    state.settled, state.mark, state.cursor, state.marked_at = here, here, here, now


def choose(
    rule: EnrichmentRule, mapping: LeadMapping, state: EnrichmentRuleState, limit: int, now: dt.datetime
) -> Chosen:
    """Return at most ``limit`` leads that are to be asked for now, and move the places."""
    look = _Look(rule, rows_of(rule, mapping), state, limit, now)
    look.ask_again()
    if state.marked_at is None or now >= state.marked_at + rule.late:
        look.look_twice()
    look.look_at_new()
    look.set_mark()
    state.due = count(look.rows.between(places.read(state.cursor), look.rows.end(now)).order_by())
    return look.chosen


class _Look:
    """One look; it knows how many more leads may be taken."""

    def __init__(
        self, rule: EnrichmentRule, rows: Rows, state: EnrichmentRuleState, limit: int, now: dt.datetime
    ) -> None:
        self.rule, self.rows, self.state, self.limit, self.now = rule, rows, state, limit, now
        self.chosen = Chosen()
        self._is_settled = False

    @property
    def _left(self) -> int:
        return self.limit - len(self.chosen.pks)

    def ask_again(self) -> None:
        """Take those for whom no credits were left."""
        waiting = RuleLead.objects.filter(rule=self.rule.name, again_at__lte=self.now).order_by("again_at")
        self.chosen.again = list(waiting.values_list("key", flat=True)[: min(self.limit, MOST)])
        self.chosen.pks = selecting.keys_of(self.rows.mapping.model._meta.pk, self.chosen.again)

    def look_twice(self) -> None:
        """Take those who were committed behind the first look."""
        mark = places.read(self.state.mark)
        place, is_whole = self._take(places.read(self.state.settled), mark)
        self._is_settled = is_whole
        self.state.settled = (mark if is_whole else place).stored()

    def look_at_new(self) -> None:
        """Take those who came since the last look."""
        cursor, end = places.read(self.state.cursor), self.rows.end(self.now)
        place, is_whole = self._take(cursor, end)
        self.state.cursor = (self.rows.later(cursor, end) if is_whole else place).stored()

    def set_mark(self) -> None:
        """Begin the next stretch once the last one is done, and forget who was asked for in that one."""
        if not self._is_settled:
            return
        done = RuleLead.objects.filter(rule=self.rule.name, at__lte=self.state.marked_at or self.now)
        done.filter(run__isnull=True, again_at__isnull=True).delete()
        self.state.mark, self.state.marked_at = self.state.cursor, self.now

    def _take(self, after: Place, until: Place) -> tuple[Place, bool]:
        """Take leads between two places; return how far it came, and whether that is all."""
        page = self.rows.page(after, until, MOST)
        known, place = self._known([pk for pk, _ in page]), after
        for pk, behind in page:
            if str(pk) not in known:
                if not self._left:
                    return place, False
                self.chosen.pks.append(pk)
            place = behind
        is_whole = len(page) < MOST
        self.chosen.has_more |= not is_whole
        return place, is_whole

    def _known(self, pks: Sequence[Any]) -> set[str]:
        asked = RuleLead.objects.filter(rule=self.rule.name, key__in=[str(pk) for pk in pks])
        return set(asked.values_list("key", flat=True)) | {str(pk) for pk in self.chosen.pks}
