"""One look at each rule: whom it is to ask for now, and the run that it makes of them. The workers plan the run."""

from __future__ import annotations

import datetime as dt
import logging
from decimal import Decimal
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from enrow_webhooks.client.scrub import describe, log_failure
from leads import home, sql
from leads.conf import lead_settings
from leads.lookups import among
from leads.mapping import LeadMapping
from leads.models import EnrichmentRuleState, EnrichmentRun, RuleLead
from leads.models.runs import MOST_CREDITS
from leads.rules import CREATED, EnrichmentRule
from leads.runs import selecting
from leads.upkeep.rules import created, stale
from leads.upkeep.rules.asking import kinds_of, left, mapping_of, price_of
from leads.upkeep.rules.created import Chosen
from leads.upkeep.rules.settling import settle

logger = logging.getLogger(__name__)

# How long a rule rests after a run: rows that are made meanwhile go together, and no hour has many runs of a rule.
_RESTS = {CREATED: dt.timedelta(minutes=1)}
_REST = dt.timedelta(hours=1)
# How long it rests after the database failed it: it may be well by then.
_TRY_AGAIN = dt.timedelta(minutes=10)
# How long a rule is missing in the settings until it counts as taken out: workers with new settings start one by one.
_GONE = dt.timedelta(hours=1)
_SEEN_EVERY = dt.timedelta(minutes=5)


def look_at_rules(now: dt.datetime | None = None) -> int:
    """Let each rule whose time has come make a run; return how many runs there are more. Raises nothing of a rule."""
    now = now or timezone.now()
    rules = lead_settings.rules
    # In a transaction of our own: under SERIALIZABLE a query alone may be broken off, too.
    if not sql.transact(partial(_prepare, rules, now)):
        return 0
    return sum(_look_at(rule, now) for rule in rules)


def _prepare(rules: tuple[EnrichmentRule, ...], now: dt.datetime) -> bool:
    """Give each rule its row, and forget those that were taken out of the settings, so that they begin anew.

    Return whether there are rules to look at: a copy of the database would queue what the original sends.
    """
    states = dict(EnrichmentRuleState.objects.values_list("name", "seen_at"))
    names = {rule.name for rule in rules}
    if new := names - states.keys():
        EnrichmentRuleState.objects.bulk_create(
            [EnrichmentRuleState(name=name, seen_at=now, next_look_at=now) for name in new], ignore_conflicts=True
        )
    if [name for name in names & states.keys() if states[name] < now - _SEEN_EVERY]:
        EnrichmentRuleState.objects.filter(name__in=names).update(seen_at=now)
    if gone := [name for name in states.keys() - names if states[name] < now - _GONE]:
        EnrichmentRuleState.objects.filter(name__in=gone, seen_at__lt=now - _GONE).delete()
        RuleLead.objects.filter(rule__in=gone).delete()
    return bool(rules) and home.look().is_home


def _look_at(rule: EnrichmentRule, now: dt.datetime) -> bool:
    """Look at one rule; one that raises is paused with the reason, and the others are looked at."""
    try:
        return sql.transact(partial(_take, rule, now))
    except (OperationalError, InterfaceError) as error:
        log_failure(logger, error, "Rule %r could not be looked at; it is tried again:", rule.name)
        _note(rule, last_error=describe(error)[:300], next_look_at=now + _TRY_AGAIN)
    except Exception as error:  # noqa: BLE001 - a project's own code, and what it wrote into a rule, may raise anything
        log_failure(logger, error, "Rule %r is paused:", rule.name)
        reason = f"It could not be looked at: {describe(error)}"[:300]
        _note(rule, last_error=describe(error)[:300], paused_at=now, paused_by="", reason=reason)
    return False


def _note(rule: EnrichmentRule, **changes: object) -> None:
    try:
        EnrichmentRuleState.objects.filter(name=rule.name, paused_at__isnull=True).update(**changes)
    except DatabaseError as error:
        log_failure(logger, error, "That rule %r failed could not be written down:", rule.name)


def _take(rule: EnrichmentRule, now: dt.datetime) -> bool:
    """Make a run of those who are due, where nobody else looks at this rule; the caller holds a transaction."""
    rows = EnrichmentRuleState.objects.select_for_update(skip_locked=True)
    state = rows.filter(name=rule.name, paused_at__isnull=True, next_look_at__lte=now).first()
    if state is None:
        return False
    mapping = mapping_of(rule)
    if state.basis != rule.basis:
        _switch_on(rule, mapping, state, now)
    settle(rule, mapping, state, now)
    credit = left(rule)
    chosen = choose(rule, mapping, state, credit, now)
    run = _make_run(rule, mapping, chosen, credit, now) if chosen.pks else None
    state.looked_at, state.last_error = now, ""
    if run:
        state.last_run, state.last_run_at = run.pk, now
    rests = run is not None or rule.when != CREATED
    state.next_look_at = now + _RESTS.get(rule.when, _REST) if rests and not chosen.has_more else now
    state.save()
    return run is not None


def choose(
    rule: EnrichmentRule, mapping: LeadMapping, state: EnrichmentRuleState, credit: Decimal, now: dt.datetime
) -> Chosen:
    """Return whom a rule asks for now, as many as the credits pay in the worst case."""
    limit = int(credit // price_of(rule))
    if rule.when == CREATED:
        return created.choose(rule, mapping, state, limit, now)
    return stale.choose(rule, mapping, state, limit, now)


def _switch_on(rule: EnrichmentRule, mapping: LeadMapping, state: EnrichmentRuleState, now: dt.datetime) -> None:
    """Begin at this moment: nothing that is older is asked for by a rule that looks for new rows."""
    RuleLead.objects.filter(rule=rule.name).delete()
    state.model, state.basis, state.switched_on_at = mapping.label, rule.basis, now
    state.quota_day, state.due = None, 0
    if rule.when == CREATED:
        created.start(rule, mapping, state, now)


def run_of(rule: EnrichmentRule, mapping: LeadMapping, credit: Decimal) -> EnrichmentRun:
    """Return the run that a rule would make; not saved. What was checked is asked of Enrow again, never reused."""
    is_stale = rule.when != CREATED
    return EnrichmentRun(
        model=mapping.label,
        kinds=",".join(kinds_of(rule)),
        overwrite=is_stale,
        force=is_stale,
        max_credits=min(credit, MOST_CREDITS),
        requested_by=rule.requested_by[:150],
        via=EnrichmentRun.Via.RULE,
    )


def _make_run(
    rule: EnrichmentRule, mapping: LeadMapping, chosen: Chosen, credit: Decimal, now: dt.datetime
) -> EnrichmentRun:
    """Write the run, and that its leads were asked for: both, or neither."""
    run = run_of(rule, mapping, credit)
    selecting.store_run(run, mapping, mapping.rows().filter(among("pk", mapping.model._meta.pk, chosen.pks)))
    again = set(chosen.again)
    RuleLead.objects.filter(rule=rule.name, key__in=again).update(run=run.pk, at=now, again_at=None)
    RuleLead.objects.bulk_create(
        RuleLead(rule=rule.name, key=str(pk), run=run.pk, at=now, checked_at=chosen.dates.get(pk))
        for pk in chosen.pks
        if str(pk) not in again
    )
    return run
