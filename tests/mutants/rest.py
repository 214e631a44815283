"""Faults in credits, upkeep, decisions, forgetting, kinds and CSV files."""

from __future__ import annotations

from tests.mutants.fault import Fault

_RECONCILIATION = "leads/credits/reconciliation.py"

FAULTS = [
    Fault(
        file="leads/credits/budget.py",
        before="return max(0, min([wanted,",
        after="return max(0, max([wanted,",
        means="the looser limit holds",
        tests=("tests/leads/outbox/test_enqueueing.py",),
    ),
    Fault(
        file="leads/credits/budget.py",
        before="Q(state__in=_NOT_BILLED) | Q(sent_at__gte=balance.asked_at)",
        after="Q(state__in=_NOT_BILLED)",
        means="what was sent since the balance was read does not count",
    ),
    Fault(
        file="leads/credits/statement.py",
        before="dt.timedelta(days=days - 1)",
        after="dt.timedelta(days=days)",
        means="a day too many is shown",
    ),
    Fault(
        file=_RECONCILIATION,
        before='known.order_by("taken_at").first()',
        after='known.order_by("taken_at").last()',
        means="the newest reading is compared instead of the oldest",
    ),
    Fault(
        file=_RECONCILIATION,
        before="[*SearchJob.UNSENT, SearchJob.State.CANCELLED]",
        after="[SearchJob.State.QUEUED, SearchJob.State.CANCELLED]",
        means="a job that was held explains credits",
    ),
    Fault(
        file=_RECONCILIATION,
        before="return self.unexplained > lead",
        after="return self.unexplained >= lead",
        means="a warning at exactly what may pass",
    ),
    Fault(
        file="leads/upkeep/polling.py",
        before="    if applying.is_over(job):",
        after="    if True:",
        means="one bad answer to a GET ends a job",
    ),
    Fault(
        file="leads/upkeep/polling.py",
        before="move(job.pk, [State.SENDING], State.UNCONFIRMED, last_error=reason)",
        after="move(job.pk, [State.SENDING], State.QUEUED, last_error=reason)",
        means="a job whose worker died is sent again",
    ),
    Fault(
        file="leads/credits/consent.py",
        before="return self.worst_case > self.unasked",
        after="return self.worst_case >= self.unasked",
        means="exactly the amount that needs no question is asked about",
    ),
    Fault(
        file="leads/credits/consent.py",
        before="min(_CREDITS, max(Decimal(0), self.balance) * _PART)",
        after="_CREDITS",
        means="a small account is spent unasked",
        tests=("tests/leads/credits/test_consent.py",),
    ),
    Fault(
        file="leads/management/spending.py",
        before="        return made_out.worst_case\n",
        after="        return None\n",
        means="more is reserved than was asked about",
        tests=("tests/leads/management/test_spending.py",),
    ),
    Fault(
        file="leads/decisions.py",
        before="retry(job, by=by, max_credits=_price_again(job.get()))",
        after="retry(job, by=by)",
        means="sending again reserves more than the bill said",
        tests=("tests/leads/test_decisions.py",),
    ),
    Fault(
        file="leads/results/applying.py",
        before="row.position is not None and came.get",
        after="came.get",
        means="who shares a search counts as found",
        tests=("tests/leads/test_counts.py",),
    ),
    Fault(
        file="leads/enrichment.py",
        before='found_of_done=Sum("found", filter=own & ended, default=0)',
        after='found_of_done=Sum("found", filter=ended, default=0)',
        means="what a joined job found counts as found of this run",
    ),
    Fault(
        file="leads/enrichment.py",
        before="counts.skipped + max(0, counts.searched - searched)",
        after="counts.skipped",
        means="who could not be sent is neither searched nor skipped",
        tests=("tests/leads/test_counts.py",),
    ),
    Fault(
        file="leads/decisions.py",
        before="max(Decimal(0), max_credits - spent)",
        after="max_credits",
        means="each run of a retry has the whole cap",
    ),
    Fault(
        file="leads/decisions.py",
        before="    return errors.exclude(effect__in=[Effect.ORPHAN, Effect.ASIDE, Effect.DROPPED])",
        after="    return errors",
        means="a result that fitted nobody is searched again",
    ),
    Fault(
        file="leads/forgetting.py",
        before="        fingerprint=None,\n",
        after="",
        means="a forgotten person is still named by the fingerprint",
    ),
    Fault(
        file="leads/forgetting.py",
        before='        .order_by("-pk")\n',
        after='        .order_by("pk")\n',
        means="the last who shares inherits, not the first",
    ),
    Fault(
        file="leads/forgetting.py",
        before="job__in=jobs).exclude(effect=Effect.ERASED)",
        after="job__in=jobs)",
        means="the bodies of an open job stay, though only the forgotten waited for them",
    ),
    Fault(
        file="leads/forgetting.py",
        before="leaves = Q(job_id__in=unsent) | Q(",
        after="leaves = Q(",
        means="a forgotten person keeps a place in a POST that was not sent",
    ),
    Fault(
        file="leads/kinds.py",
        before='country = "" if domain else _country(lead)',
        after="country = _country(lead)",
        means="one person of one domain is bought once per country",
        tests=("tests/leads/test_eligibility.py",),
    ),
    Fault(
        file="leads/kinds.py",
        before="if not filled(lead.company_name):",
        after="if True:",
        means="the company's name does not help where the domain is a free mail host",
        tests=("tests/leads/test_eligibility.py",),
    ),
    Fault(
        file="enrow_webhooks/client/inputs.py",
        before="return slug if _MEMBER_ID.fullmatch(slug) else composed(slug.lower())",
        after="return composed(slug.lower())",
        means="two members whose ids differ in capitals are one",
        tests=("tests/enrow_webhooks/client/test_inputs.py",),
    ),
    Fault(
        file="enrow_webhooks/client/names.py",
        before="_bare(words) if len(words) > 2 else words",
        after="_bare(words)",
        means="two plain words lose one",
        tests=("tests/enrow_webhooks/client/test_names.py",),
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before="and not (self.field.name in _FILLED and some_blank(texts))",
        after="",
        means="a placeholder is imported",
        tests=("tests/leads/csvfiles/test_columns.py",),
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before="_FORMULA.match(text) and not _E164.fullmatch(text) else text",
        after="_FORMULA.match(text) else text",
        means="phone numbers get an apostrophe",
        tests=("tests/leads/csvfiles/test_exporting.py",),
    ),
    Fault(
        file="leads/csvfiles/columns.py",
        before='text.startswith("\'") and _FORMULA.match(text[1:]) else text',
        after='text.startswith("\'") else text',
        means="a name that begins with an apostrophe loses it",
        tests=("tests/leads/csvfiles/test_importing.py",),
    ),
    Fault(
        file="leads/csvfiles/storing.py",
        before="        if subject in told:\n            kept",
        after="        if not told:\n            kept",
        means="a new address keeps the verdict of the old one",
        tests=("tests/leads/csvfiles/test_importing.py",),
    ),
    Fault(
        file="leads/csvfiles/importing.py",
        before="done.kept += count - updated - created",
        after="done.kept += count - updated",
        means="created leads count as kept, too",
    ),
]
