"""What became of the leads of a rule's runs: who is asked for again because no credits were left, and who is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import QuerySet

from enrow_webhooks.client.values import Kind
from leads.kinds import KINDS
from leads.mapping import LeadMapping
from leads.models import EnrichmentRuleState, EnrichmentRun, LeadSearch, RuleLead
from leads.rules import CREATED, EnrichmentRule
from leads.runs import controlling, selecting
from leads.skips import Reason
from leads.upkeep.rules.created import MOST
from leads.upkeep.rules.stale import dates_of

# Runs that one look settles.
_RUNS = 5
# When credits may be there again.
_LATER = dt.timedelta(hours=1)


def settle(rule: EnrichmentRule, mapping: LeadMapping, state: EnrichmentRuleState, now: dt.datetime) -> None:
    """Look at runs that are planned, or whose results are there where a verdict is awaited; some leads of each."""
    asked = RuleLead.objects.filter(rule=rule.name, run__isnull=False)
    for pk in list(asked.order_by("run").values_list("run", flat=True).distinct()[:_RUNS]):
        rows = asked.filter(run=pk)
        run = EnrichmentRun.objects.filter(pk__in=[pk]).first()
        if run is None:
            rows.update(run=None)
            continue
        some = rows.filter(pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:MOST]))
        if rule.when == CREATED and (run.planned_at or run.ended_at):
            _settle_created(mapping, run, some, now)
        elif run.ended_at:
            state.taken = max(0, state.taken - _settle_stale(rule, mapping, run, some))


def _settle_created(mapping: LeadMapping, run: EnrichmentRun, rows: QuerySet[RuleLead], now: dt.datetime) -> None:
    """Let those be asked for again who were not paid; all others were asked for once."""
    keys = _unpaid(mapping, run, set(rows.values_list("key", flat=True)))
    unpaid = list(rows.filter(key__in=keys).values_list("pk", flat=True)) if keys else []
    rows.update(run=None)
    RuleLead.objects.filter(pk__in=unpaid).update(again_at=now + _LATER)


def _settle_stale(rule: EnrichmentRule, mapping: LeadMapping, run: EnrichmentRun, rows: QuerySet[RuleLead]) -> int:
    """Forget those who were checked, are gone, or were not paid; return how many the last are.

    Those who were asked for in vain are as good as checked: they go to the back.
    """
    before = dict(rows.values_list("key", "checked_at"))
    unpaid = _unpaid(mapping, run, before.keys())
    pks = selecting.keys_of(mapping.model._meta.pk, list(before))
    dates = {str(pk): at for pk, at in dates_of(rule, mapping).now(pks).items()}
    done = [key for key, at in before.items() if key not in dates or _is_newer(dates[key], at)]
    rows.filter(key__in={*done, *unpaid}).delete()
    rows.update(run=None)
    return len(unpaid)


def _is_newer(at: dt.datetime | None, before: dt.datetime | None) -> bool:
    return at is None or before is None or at > before


def _unpaid(mapping: LeadMapping, run: EnrichmentRun, keys: Collection[str]) -> set[str]:
    """Return the leads that were not searched, where a run was short of credits. Who was skipped is none of them.

    A run keeps no names of whom it left out, so that where credits were short also those count who were skipped for
    another reason: they are asked for once more, and cost nothing.
    """
    kinds = _short_of_credits(run)
    if not kinds or run.state == EnrichmentRun.State.CANCELLED:
        return set()
    pks = selecting.keys_of(mapping.model._meta.pk, list(keys))
    names = mapping.rows().filter(pk__in=pks).values_list("pk", mapping.crm_id_field)
    crm_ids = {mapping.crm_id(key): str(pk) for pk, key in names}
    searches = LeadSearch.objects.filter(crm_id__in=crm_ids, job__in=controlling.jobs_of(run).values("pk"))
    searched: dict[str, set[str]] = {kind: set() for kind in kinds}
    for kind, crm_id in searches.filter(kind__in=kinds).values_list("kind", "crm_id"):
        searched[kind].add(crm_id)
    return {key for crm_id, key in crm_ids.items() if any(crm_id not in some for some in searched.values())}


def _short_of_credits(run: EnrichmentRun) -> list[Kind]:
    skipped: dict[str, dict[str, int]] = run.tally.get("skipped", {})
    return [kind for kind in KINDS if any(Reason(reason).is_money for reason in skipped.get(kind, {}))]
