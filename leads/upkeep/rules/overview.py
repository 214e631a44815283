"""All rules as a person looks at them: what the settings say, how far each is, and what it spent today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from leads import sql
from leads.conf import lead_settings
from leads.credits.consent import credits_in_words
from leads.kinds import label
from leads.lookups import among
from leads.models import EnrichmentRuleState
from leads.rules import CREATED, EnrichmentRule
from leads.upkeep.rules import created, looking
from leads.upkeep.rules.asking import kinds_of, left, mapping_of, price_of, spent

# What is raised where the settings hold what is no rule, and nobody ran the checks.
UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule; its state is not saved where no sweep has seen it yet."""

    rule: EnrichmentRule
    state: EnrichmentRuleState
    # Credits of today, and of one lead, in the worst case.
    spent: Decimal
    price: Decimal

    @property
    def what(self) -> str:
        """What it does, in words."""
        kinds = " and ".join(label(kind) for kind in kinds_of(self.rule))
        which = "for new rows" if self.rule.when == CREATED else f"again before it is {self.rule.days} days old"
        return f"{kinds} {which}"

    @property
    def how(self) -> str:
        """How it is, in words."""
        if self.state.paused_at:
            return f"paused: {self.state.reason}"
        if self.state.switched_on_at is None:
            return "new: the next sweep switches it on"
        return f"on; last error: {self.state.last_error}" if self.state.last_error else "on"

    @property
    def of_the_cap(self) -> str:
        """What is used of the daily cap, in words."""
        return f"{credits_in_words(self.spent)} of {credits_in_words(self.rule.cap)} credits today"

    @property
    def per_day(self) -> int:
        """How many leads the cap lets through in a day, in the worst case."""
        return int(self.rule.cap // self.price)


def lines(now: dt.datetime | None = None) -> list[Line]:
    """Return a line for each rule of the settings, in their order. Raises one of UNREADABLE for what is none."""
    now = now or timezone.now()
    states = EnrichmentRuleState.objects.in_bulk()
    return [
        Line(
            rule=rule,
            state=states.get(rule.name) or EnrichmentRuleState(name=rule.name),
            spent=spent(rule, now),
            price=price_of(rule),
        )
        for rule in lead_settings.rules
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The run that a rule would make now."""

    # A queryset of the leads, and what enrich() would be asked for.
    leads: QuerySet[Any]
    credit: Decimal
    number: int


def foresee(rule: EnrichmentRule, now: dt.datetime | None = None) -> Foreseen:
    """Tell whom a rule would ask for now; changes nothing. Raises what the rule raises."""
    now = now or timezone.now()
    mapping, credit = mapping_of(rule), left(rule)
    with transaction.atomic(using=sql.alias()):
        state = EnrichmentRuleState.objects.filter(name=rule.name).first() or EnrichmentRuleState(name=rule.name)
        if state.basis != rule.basis and rule.when == CREATED:
            created.start(rule, mapping, state, now)
        chosen = looking.choose(rule, mapping, state, credit, now)
        transaction.set_rollback(True, using=sql.alias())
    leads = mapping.rows().filter(among("pk", mapping.model._meta.pk, chosen.pks))
    return Foreseen(leads=leads, credit=credit, number=len(chosen.pks))
