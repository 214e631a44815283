"""Faults in the admin of a project's own models, and in what its filters ask."""

from __future__ import annotations

from tests.mutants.fault import Fault

_STATUSES = "leads/statuses.py"

_CRM_IDS = "leads/crm_ids.py"
_VISIBILITY = "leads/visibility.py"
_EDITING = "leads/admin/editing.py"
_BUTTONS = "leads/admin/buttons.py"
_MAPPED = "leads/admin/mapped.py"
_ENRICHMENT = "leads/admin/enrichment.py"
_SEEN = ("tests/leads/admin/test_mapped.py",)
_ASKED = ("tests/leads/test_statuses.py", "tests/leads/test_visibility.py")

_RIGHTS = "leads/admin/rights.py"
_SHARED = "leads/rights.py"
_TABLE = ("tests/leads/admin/test_permissions.py",)

FAULTS = [
    Fault(
        file=_MAPPED,
        before="return request.user.has_perm(SPEND_CREDITS) and self.has_view_or_change_permission(request)",
        after="return self.has_view_or_change_permission(request)",
        means="who sees leads spends",
        tests=_TABLE,
    ),
    Fault(
        file=_RIGHTS,
        before="    if not user.has_perm(SPEND_CREDITS):\n        return False\n",
        after="",
        means="a model without a page of ours asks for no credits",
        tests=_TABLE,
    ),
    Fault(
        file=_SHARED,
        before="return {pk for pk, number in every.items() if own.get(pk, 0) < number}",
        after="return {pk for pk in every if pk not in own}",
        means="a job with one lead of one's own is sent with all others",
        tests=_SEEN,
    ),
    Fault(
        file=_SHARED,
        before="(sees_all(user, mapping) or run.requested_by == user.get_username())",
        after="True",
        means="a run with leads that are hidden is resumed",
        tests=_SEEN,
    ),
    Fault(
        file="leads/admin/values.py",
        before='if lookup.partition("__")[0] in self.found_values and not self.has_values_permission(request):',
        after="if lookup in self.found_values and not self.has_values_permission(request):",
        means="an address tells a value letter by letter",
        tests=_TABLE,
    ),
    Fault(
        file="leads/admin/viewing.py",
        before="return page if page.has_view_or_change_permission(self.request) else None",
        after="return page",
        means="a link leads to a page that refuses",
        tests=_TABLE,
    ),
    Fault(
        file="leads/credits/budget.py",
        before=".filter(asked_through(EnrichmentRun.BY_USER)).exclude",
        after=".exclude",
        means="what code asks for counts against a user",
    ),
    Fault(
        file="leads/outbox/enqueueing.py",
        before="allowed = budget.allowance(balance, **order.caps)",
        after="allowed = budget.allowance(balance)",
        means="a user who asks from two windows passes their limit",
        tests=("tests/leads/credits/test_budget.py",),
    ),
    Fault(
        file="leads/admin/credits.py",
        before="max(Decimal(0), limit - line.committed)",
        after="max(Decimal(0), limit - line.spent)",
        means="what is reserved of a limit seems to be left",
        tests=("tests/leads/admin/test_credits.py",),
    ),
    Fault(
        file="leads/forgetting.py",
        before='entries.update(object_repr="forgotten", change_message="")',
        after="entries.count()",
        means="the admin's log remembers a forgotten person",
        tests=("tests/leads/admin/test_forgetting.py",),
    ),
    Fault(
        file=_STATUSES,
        before="return states.alias(leads_about=about).filter(counts).order_by()",
        after="return states.alias(leads_about=about).order_by()",
        means="a status outlives an edit in the filter",
    ),
    Fault(
        file=_CRM_IDS,
        before="return Case(When(fits, then=number))",
        after="return number",
        means="a key of an earlier mapping breaks the list",
        tests=_ASKED,
        postgres=True,
    ),
    Fault(
        file=_STATUSES,
        before='return leads.filter(is_so if status else is_so | Q((f"{own}__isnull", True)))',
        after="return leads.filter(is_so)",
        means="NULL in the project's own column is no lead that was never tried",
    ),
    Fault(
        file=_STATUSES,
        before="kinds = [kind.value for kind, other in KINDS.items() if other.value == facts.value]",
        after="kinds = [kind.value for kind, other in KINDS.items() if other is facts]",
        means="who is being verified is not being searched",
    ),
    Fault(
        file="leads/admin/known.py",
        before="queryset = mapping.visible_to(request.user, queryset)",
        after="queryset = mapping.visible_to(request.user, queryset) and queryset",
        means="a filter tells of leads that are hidden",
        tests=_SEEN,
    ),
    Fault(
        file="leads/admin/forgetting.py",
        before="queryset = mapping.visible_to(request.user, queryset)",
        after="mapping.visible_to(request.user, queryset)",
        means="who is hidden is forgotten",
        tests=_SEEN,
    ),
    Fault(
        file="leads/admin/forgetting.py",
        before='if told.get("who") != self._who:',
        after="if False:",
        means="somebody is forgotten whom the page did not show",
        tests=("tests/leads/admin/test_forgetting.py",),
    ),
    Fault(
        file="leads/admin/forgetting.py",
        before='if self._number > 1 and told.get("number") != self._number:',
        after="if False:",
        means="many are forgotten by one click",
        tests=("tests/leads/admin/test_forgetting.py",),
    ),
    Fault(
        file="leads/admin/forgetting.py",
        before='"hidden": "" if viewer.sees_values else NOT_SHOWN,',
        after='"hidden": "",',
        means="the page of who is forgotten shows values to anybody",
        tests=("tests/leads/admin/test_forgetting.py",),
    ),
    Fault(
        file="leads/admin/narrowing.py",
        before="mapping.visible_to(request.user, leads), run",
        after="leads, run",
        means="the filter by run tells of leads that are hidden",
        tests=("tests/leads/admin/test_narrowing.py",),
    ),
    Fault(
        file="leads/admin/narrowing.py",
        before="Viewer.of(page, request).page(EnrichmentRun) is not None and",
        after="",
        means="runs are offered to who may not see them",
        tests=("tests/leads/admin/test_narrowing.py",),
    ),
    Fault(
        file="leads/admin/people.py",
        before="if len(keys) <= most:",
        after="if keys:",
        means="an action for all that a search finds leaves some out",
        tests=("tests/leads/admin/test_people.py",),
    ),
    Fault(
        file="leads/models/prefixes.py",
        before="{column} COLLATE NOCASE",
        after="{column}",
        means="SQLite reads the whole table for a search",
        tests=("tests/leads/admin/test_people.py",),
    ),
    Fault(
        file=_MAPPED,
        before="return bool(getattr(lead, _VISIBLE, hides_none))",
        after="return bool(getattr(lead, _VISIBLE, True))",
        means="what nobody has looked at is shown to everybody",
    ),
    Fault(
        file=_ENRICHMENT,
        before='        if not self.is_visible(lead):\n            return ""\n',
        after="",
        means="the history of a hidden lead is shown",
        tests=_SEEN,
    ),
    Fault(
        file=_BUTTONS,
        before="if kind not in self.offered(request) or not self.may_open(request, lead):",
        after="if kind not in self.offered(request):",
        means="a typed address opens the page of any lead",
    ),
    Fault(
        file=_BUTTONS,
        before="if kind not in self.offered(request) or not self.may_open(request, lead):",
        after="if not self.may_open(request, lead):",
        means="who may not spend gets the page that spends",
    ),
    Fault(
        file=_BUTTONS,
        before="own = response.resolve_template(response.template_name)",
        after='own = "admin/change_form.html"',
        means="the project's own template of the form is not used",
    ),
    Fault(
        file=_EDITING,
        before="for name in row.keys() - edited:",
        after="for name in set():",
        means="a form that was open saves blanks over a result",
    ),
    Fault(
        file=_EDITING,
        before="refresh(self.lead_mapping, form, lead, is_new=not change)",
        after="pass",
        means="the project's save_model() sees the lead as it was when the form was opened",
    ),
    Fault(
        file=_EDITING,
        before='        if getattr(self, "save_as_new", False):',
        after="        if False:",
        means="a copy has no rows of which the person touched none",
    ),
    Fault(
        file=_EDITING,
        before="{name for name in edited if _differs(lead, row, name)}",
        after="edited",
        means="a value that is typed as it came has never been tried",
    ),
    Fault(
        file=_EDITING,
        before=" or getattr(lead, _MEANT, False):",
        after=":",
        means="an older version of a lead is not brought back",
    ),
    Fault(
        file=_EDITING,
        before="            refresh(mapping, form, form.instance, is_new=False)\n",
        after="",
        means="an inline saves blanks over a result",
    ),
    Fault(
        file="leads/admin/searches.py",
        before="share = job.credits_cost if job.requested == 1 else",
        after="share = job.credits_cost if job.requested else",
        means="a lead seems to have cost what its whole batch did",
        tests=("tests/leads/admin/test_enrichment.py",),
    ),
    Fault(
        file=_CRM_IDS,
        before='fits = Q((f"{name}__regex", _NUMBER)) |',
        after='fits = Q((f"{name}__regex", _LONG_NUMBER)) | Q((f"{name}__regex", _NUMBER)) |',
        means="a number that no column holds breaks the list",
        tests=_ASKED,
        postgres=True,
    ),
    Fault(
        file=_VISIBILITY,
        before='is_same = Q(leads_key=OuterRef(f"{name}_text"))',
        after="is_same = Q(leads_key__isnull=False)",
        means="any text names a lead whose keys are texts",
    ),
    Fault(
        file=_VISIBILITY,
        before="        return searches.filter(others)",
        after="        return searches",
        means="where a query cannot tell, everything is shown",
    ),
    Fault(
        file="leads/admin/aside.py",
        before="if not may_give(self._viewer, crm_id):",
        after="if aside.lead_named(crm_id) is None:",
        means="a result is given to a lead that is hidden",
        tests=_SEEN,
    ),
    Fault(
        file="leads/admin/jobs.py",
        before="visibility.seen_by(viewer.request.user, searches)",
        after="searches",
        means="the page of a job shows whom the user may not see",
        tests=_SEEN,
    ),
    Fault(
        file="leads/admin/unprotected.py",
        before="    for inline in page.inlines:",
        after="    for inline in page.inlines[:0]:",
        means="nobody is told of an inline that loses results",
    ),
    Fault(
        file="leads/admin/unprotected.py",
        before="hidden = {*page.readonly_fields, *(page.exclude or ())}",
        after="hidden = {*(page.exclude or ())}",
        means="a page that only shows what is found is warned of",
    ),
    Fault(
        file=_ENRICHMENT,
        before="LeadSearch.objects.pending().filter(crm_id__in=list(crm_ids))",
        after="LeadSearch.objects.filter(crm_id__in=list(crm_ids))",
        means="the column says of everybody that they are being searched",
    ),
]
