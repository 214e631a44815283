"""Leads whose verdict becomes too old, oldest first; worked off ahead, so that no day has many more than another.

Once a day the rule counts how many leads there are of each day, and takes so many that no later day needs more than
this one. A thousand leads of one night are so spread over months, one by one, and stay so; leads that are spread
already wait until their last day. Nobody is asked about before half of the time is over.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping
from itertools import islice

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from leads.kinds import KINDS
from leads.mapping import LeadMapping
from leads.models import EnrichmentRuleState, RuleLead
from leads.rules import EnrichmentRule
from leads.upkeep.rules.asking import kinds_of, leads_of
from leads.upkeep.rules.created import MOST, Chosen
from leads.upkeep.rules.dates import Dates

# Pages of leads that one look reads, at most: those in front may have been skipped, and wait for their time.
_PAGES = 40


def dates_of(rule: EnrichmentRule, mapping: LeadMapping) -> Dates:
    """Return when the rule's leads were checked."""
    (kind,) = kinds_of(rule)
    return Dates(mapping=mapping, leads=leads_of(rule, mapping), facts=KINDS[kind])


def choose(
    rule: EnrichmentRule, mapping: LeadMapping, state: EnrichmentRuleState, limit: int, now: dt.datetime
) -> Chosen:
    """Return at most ``limit`` leads that are to be checked again now, the oldest first, within the day's number."""
    dates = dates_of(rule, mapping)
    today = timezone.localdate(now)
    if state.quota_day != today:
        _forget_skipped(rule, now)
        state.quota_day, state.taken = today, 0
        state.quota, state.due = pace(_per_day(rule, dates), now, rule)
    wanted = max(0, min(state.quota - state.taken, limit, MOST))
    chosen = Chosen()
    for page in islice(dates.oldest(now - rule.age / 2), _PAGES) if wanted else ():
        keys = [str(pk) for pk, _ in page]
        asked = set(RuleLead.objects.filter(rule=rule.name, key__in=keys).values_list("key", flat=True))
        chosen.dates |= {pk: at for pk, at in page if str(pk) not in asked}
        if len(chosen.dates) >= wanted:
            break
    chosen.pks = list(islice(chosen.dates, wanted))
    state.taken += len(chosen.pks)
    chosen.has_more = len(chosen.pks) == MOST < limit
    return chosen


def pace(per_day: Mapping[dt.date, int], now: dt.datetime, rule: EnrichmentRule) -> tuple[int, int]:
    """Return how many leads to take today, so that no later day needs more; and how many must be taken today."""
    today, days = now.astimezone(dt.UTC).date(), max(1, math.floor(rule.days or 0))
    by_time_left: Counter[int] = Counter()
    for day, number in per_day.items():
        by_time_left[max(1, days - (today - day).days)] += number
    most = total = 0
    for time_left, number in sorted(by_time_left.items()):
        total += number
        most = max(most, math.ceil(total / time_left))
    return most, max(0, by_time_left[1])


def _per_day(rule: EnrichmentRule, dates: Dates) -> Counter[dt.date]:
    """Count the leads by day; those who were asked for in vain count from that day, not from their verdict's."""
    counted = dates.per_day()
    asked = RuleLead.objects.filter(rule=rule.name)
    for name, sign in (("checked_at", -1), ("at", 1)):
        days = asked.annotate(day=TruncDate(name, tzinfo=dt.UTC)).order_by().values("day")
        for day, number in days.annotate(number=Count("pk")).values_list("day", "number"):
            counted[day] += sign * number
    return +counted


def _forget_skipped(rule: EnrichmentRule, now: dt.datetime) -> None:
    """Let those who were asked for in vain be due again, as if they had been checked then."""
    over = now - rule.age + dt.timedelta(days=1)
    RuleLead.objects.filter(rule=rule.name, at__lte=over, run__isnull=True).delete()
