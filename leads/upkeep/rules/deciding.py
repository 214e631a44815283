"""What a person decides about a rule: to pause it, and to let it go on."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.utils import timezone

from leads import sql
from leads.models import EnrichmentRuleState, EnrichmentRun
from leads.rules import EnrichmentRule
from leads.runs import controlling
from leads.upkeep.rules.asking import runs_of


def pause(rule: EnrichmentRule, *, by: str) -> bool:
    """Let a rule ask for nothing more, and pause its runs; what is sent comes home. Return whether it was on.

    One that an error has paused is paused by the person from now on.
    """

    def stop() -> bool:
        EnrichmentRuleState.objects.bulk_create([EnrichmentRuleState(name=rule.name)], ignore_conflicts=True)
        paused = {"paused_at": timezone.now(), "paused_by": by[:150], "reason": f"Paused by {by}."[:300]}
        return bool(EnrichmentRuleState.objects.filter(name=rule.name, paused_by="").update(**paused))

    is_paused = sql.transact(stop)
    for pk in _runs(rule, EnrichmentRun.ACTIVE) if is_paused else ():
        controlling.pause(pk, by=by)
    return is_paused


def resume(rule: EnrichmentRule, *, by: str) -> bool:
    """Let a paused rule go on, and its runs; return whether it was paused. The caller wakes the workers.

    What was made in between is asked for now, as much as the cap of the day allows.
    """
    paused = EnrichmentRuleState.objects.filter(name=rule.name, paused_at__isnull=False)
    on = {"paused_at": None, "paused_by": "", "reason": "", "last_error": "", "next_look_at": timezone.now()}
    is_resumed = bool(paused.update(**on))
    for pk in _runs(rule, [EnrichmentRun.State.PAUSED]) if is_resumed else ():
        controlling.resume(pk, by=by)
    return is_resumed


def _runs(rule: EnrichmentRule, states: Collection[str]) -> list[uuid.UUID]:
    return list(runs_of(rule).filter(state__in=states).values_list("pk", flat=True))
