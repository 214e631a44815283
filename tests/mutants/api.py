"""Faults in the API: who sees what, filters that tell, keys, pages."""

from __future__ import annotations

from tests.mutants.fault import Fault

_TEAMS = ("tests/leads/api/test_teams.py",)
_BASE = ("tests/leads/api/test_base.py",)
_REPLAY = ("tests/leads/api/test_replay.py",)
_LEADS = ("tests/leads/api/views/test_leads.py",)
_RUNS = ("tests/leads/api/views/test_runs.py",)

FAULTS = [
    Fault(
        file="leads/rights.py",
        before="return Q(requested_by=user.get_username()[:150], via__in=EnrichmentRun.BY_USER)",
        after="return Q(requested_by=user.get_username()[:150])",
        means="a run that code wrote a user's name on is theirs",
        tests=_RUNS,
    ),
    Fault(
        file="leads/rights.py",
        before="if may_view(user, model) and may_view(user, mapping.model) and sees_all(user, mapping)",
        after="if may_view(user, model) and may_view(user, mapping.model)",
        means="who may view runs sees those of every team",
        tests=_TEAMS,
    ),
    Fault(
        file="leads/rights.py",
        before="return visibility.seen_by(user, searches.filter(model__in=seen))",
        after="return searches.filter(model__in=seen)",
        means="searches of foreign leads are shown, where they share a purchase",
        tests=_TEAMS,
    ),
    Fault(
        file="leads/api/base.py",
        before='if not (user and getattr(user, "is_authenticated", False) and hasattr(user, "has_perm")):',
        after="if not user:",
        means="a stranger is let in where no permission is asked",
        tests=_BASE,
    ),
    Fault(
        file="leads/api/base.py",
        before="return [*_made(hosts), MayAsk()]",
        after="return [MayAsk()]",
        means="the host's own permissions are left out",
        tests=_BASE,
    ),
    Fault(
        file="leads/api/selections.py",
        before="    leads = visible(user, mapping)\n",
        after="    leads = mapping.rows()\n",
        means="leads of others are searched",
        tests=_TEAMS,
    ),
    Fault(
        file="leads/api/selections.py",
        before="if one.is_output and not user.has_perm(VIEW_FOUND_VALUES):",
        after="if one.is_output and in_address:",
        means="found values are asked for letter by letter",
        tests=_LEADS,
    ),
    Fault(
        file="leads/api/views/leads.py",
        before="if key is None or not mapping.visible_to(request.user, mapping.by_keys([key])).exists():",
        after="if key is None:",
        means="a foreign lead is shown by its name",
        tests=_TEAMS,
    ),
    Fault(
        file="leads/api/told.py",
        before='return value if self.context.get("sees_values") else None',
        after="return value",
        means="found values are shown to everybody",
        tests=_RUNS,
    ),
    Fault(
        file="leads/api/pages.py",
        before="Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=pk))",
        after="Q(created_at__lt=at)",
        means="rows of one moment are left out between pages",
        tests=("tests/leads/api/views/test_jobs.py",),
    ),
    Fault(
        file="leads/idempotency.py",
        before="    if earlier.digest != digest:\n        raise AnotherRequest\n",
        after="",
        means="another request gets the answer of the first",
    ),
    Fault(
        file="leads/idempotency.py",
        before="        rows.filter(pk=row.pk).update(answer=answer)\n",
        after="",
        means="a repeat gets no answer",
    ),
    Fault(
        file="leads/api/replay.py",
        before="idempotency.once(str(request.user.pk), key, digest, work)",
        after='idempotency.once("", key, digest, work)',
        means="the key of one user opens the answer of another",
        tests=_TEAMS,
    ),
    Fault(
        file="leads/outbox/batches.py",
        before='return self.requested_by[:150] if self.via in EnrichmentRun.BY_USER else ""',
        after='return self.requested_by[:150] if self.via == EnrichmentRun.Via.ADMIN else ""',
        means="a program spends beyond the cap of its user",
        tests=("tests/leads/credits/test_budget.py",),
    ),
    Fault(
        file="leads/decisions.py",
        before="most = again.worst_case if left is None else min(left, again.worst_case)",
        after="most = again.worst_case",
        means="what is searched again costs more than was allowed",
        tests=("tests/leads/api/views/test_jobs.py",),
    ),
]
