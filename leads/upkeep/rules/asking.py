"""What a rule says, as the rest of the package takes it: its leads, what it asks for, what it may spend now."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from enrow_webhooks.client.values import Kind
from leads import arguments
from leads.conf import lead_settings
from leads.credits import budget
from leads.mapping import LeadMapping, registry
from leads.models import EnrichmentRun
from leads.rules import EnrichmentRule
from leads.runs import controlling


def mapping_of(rule: EnrichmentRule) -> LeadMapping:
    """Return the mapping of a rule's model. Raises LookupError; a check says so before."""
    mapping = registry.labelled(rule.model.lower())
    if mapping is None:
        raise LookupError(f"{rule.model} is not mapped.")
    return mapping


def leads_of(rule: EnrichmentRule, mapping: LeadMapping) -> QuerySet[Any]:
    """Return the leads that a rule may ask for: whom the project lets be searched, narrowed by ``where``."""
    leads = mapping.get_queryset().using(mapping.alias)
    if isinstance(rule.where, Q):
        leads = leads.filter(rule.where)
    elif rule.where:
        leads = leads.filter(**rule.where)
    if leads.query.distinct or leads.query.group_by:
        leads = mapping.rows().filter(pk__in=leads.order_by().values("pk"))
    return leads.order_by()


def kinds_of(rule: EnrichmentRule) -> tuple[Kind, ...]:
    """Return what is searched."""
    return arguments.kinds_of(rule.find, verify=rule.verify)


def price_of(rule: EnrichmentRule) -> Decimal:
    """Return what one lead costs in the worst case."""
    return sum(map(lead_settings.price, kinds_of(rule)), Decimal(0))


def runs_of(rule: EnrichmentRule) -> Any:  # noqa: ANN401 - a queryset of ours
    """Return the runs that a rule made."""
    return EnrichmentRun.objects.filter(requested_by=rule.requested_by, via=EnrichmentRun.Via.RULE)


def spent(rule: EnrichmentRule, now: dt.datetime) -> Decimal:
    """Return what the rule's jobs of this day cost, or may cost."""
    return budget.spent_by_rule(rule.requested_by, timezone.localdate(now))


def left(rule: EnrichmentRule) -> Decimal:
    """Return what the rule may still spend now, beside what its runs may that are not planned to their end."""
    limits = budget.allowance(None, rule=rule.requested_by).limits
    return max(Decimal(0), min(limits) - controlling.may_still_cost(runs_of(rule)))
