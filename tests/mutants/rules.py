"""Faults in rules: whom they take, twice or never, and what they spend."""

from __future__ import annotations

from tests.mutants.fault import Fault

_RULES = "leads/upkeep/rules"
_LOOKING = "tests/leads/upkeep/rules/test_looking.py"

FAULTS = [
    Fault(
        file="leads/outbox/enqueueing.py",
        before="budget.allowance(balance, **order.caps)",
        after="budget.allowance(balance, user=order.capped_user)",
        means="the cap of a rule is not summed under the lock",
        tests=("tests/leads/credits/test_budget.py",),
    ),
    Fault(
        file="leads/credits/budget.py",
        before="return next(caps, Decimal(0))",
        after='return next(caps, Decimal("Infinity"))',
        means="a rule that was taken out of the settings spends without a cap",
        tests=(_LOOKING,),
    ),
    Fault(
        file=f"{_RULES}/asking.py",
        before="min(limits) - controlling.may_still_cost(runs_of(rule))",
        after="min(limits)",
        means="a rule forgets its run that is not planned yet",
        tests=(_LOOKING,),
    ),
    Fault(
        file=f"{_RULES}/looking.py",
        before="if state.basis != rule.basis:",
        after="if not state.basis:",
        means="a rule for another model goes on at the old place",
    ),
    Fault(
        file=f"{_RULES}/looking.py",
        before="if states[name] < now - _GONE]:",
        after="]:",
        means="a rule begins anew whenever a worker does not know it yet",
    ),
    Fault(
        file=f"{_RULES}/looking.py",
        before="select_for_update(skip_locked=True)",
        after="all()",
        means="sweeps that look at once take the same leads",
        postgres=True,
    ),
    Fault(
        file=f"{_RULES}/created.py",
        before="    look.look_twice()\n",
        after="    look._is_settled = True\n",
        means="who was committed late is missed",
        postgres=True,
    ),
    Fault(
        file=f"{_RULES}/created.py",
        before="(self.rows.later(cursor, end) if is_whole else place)",
        after="place",
        means="rows that do not fit are read again by each sweep",
    ),
    Fault(
        file=f"{_RULES}/created.py",
        before="        if not self._is_settled:\n            return\n",
        after="",
        means="who was asked for is forgotten before the second look",
    ),
    Fault(
        file=f"{_RULES}/places.py",
        before='return leads.filter(**{f"{path}__lt": until.at})',
        after='return leads.filter(**{f"{path}__lte": until.at})',
        means="a row of the moment of a look is in two stretches",
    ),
    Fault(
        file=f"{_RULES}/stale.py",
        before='for name, sign in (("checked_at", -1), ("at", 1)):',
        after="for name, sign in ():",
        means="skipped leads are counted as if nobody had asked for them",
        tests=("tests/leads/upkeep/rules/test_year.py",),
    ),
    Fault(
        file=f"{_RULES}/stale.py",
        before="dates.oldest(now - rule.age / 2)",
        after="dates.oldest(now)",
        means="a verdict of yesterday is asked for again",
    ),
    Fault(
        file=f"{_RULES}/settling.py",
        before="    if not kinds or run.state == EnrichmentRun.State.CANCELLED:\n",
        after="    if not kinds:\n",
        means="leads of a run that a person cancelled are asked for again",
    ),
    Fault(
        file="leads/outbox/planning.py",
        before="        spare = _without_peoples if order.force else _without_told\n",
        after="        spare = _without_told\n",
        means="a rule that checks again skips all that was bought lately",
        tests=("tests/leads/upkeep/rules/test_stale.py",),
    ),
    Fault(
        file="leads/outbox/purchases.py",
        before="        AND n.effect = 'written' AND n.value = r.value_before LIMIT 1)",
        after="        AND n.effect = 'written' LIMIT 1)",
        means="a rule replaces what a person typed since",
        tests=("tests/leads/upkeep/rules/test_stale.py",),
    ),
    Fault(
        file="leads/admin/rights.py",
        before="(may_search(viewer, mapping) and rights.sees_all(viewer.request.user, mapping))",
        after="may_search(viewer, mapping)",
        means="somebody resumes a rule for leads that are hidden from them",
        tests=("tests/leads/admin/test_rules.py",),
    ),
]
