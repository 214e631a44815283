"""The page between "search these leads" and the first credit spent."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.messages import ERROR, SUCCESS, WARNING
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from enrow_webhooks.admin import confirmation_page
from enrow_webhooks.client.values import Kind
from leads import home
from leads.admin.links import lead_urls, link, list_url, page_url
from leads.admin.spending import SpendForm, queued_in_words
from leads.admin.viewing import Viewer
from leads.credits.budget import Trouble
from leads.enrichment import Estimate, Run, Skip, Tally, Via, enrich, estimate
from leads.kinds import asked, title
from leads.mapping import registry
from leads.models import EnrichmentRun, SearchJob

# Skipped leads that are shown per reason.
_EXAMPLES = 10
# Why nothing can be sent, for a person who can only tell somebody.
_TROUBLES = {
    Trouble.SETTINGS: _("Nothing can be sent: Enrow does not accept our key or our plan. Tell your administrator."),
    Trouble.UNREACHABLE: _("Nothing can be sent: Enrow does not answer. Try again in some minutes."),
}
_NOT_HOME = _("Nothing can be sent from this copy of the database. Tell your administrator.")


class ConfirmForm(SpendForm):
    """How much may be spent, and whether on what was bought lately too."""

    force = forms.BooleanField(
        label=_("Buy again what was bought lately"),
        help_text=_("Shows this page again first, with what that costs."),
        required=False,
    )
    field_order = ("force", "max_credits")


def confirm(
    page: ModelAdmin[Any],
    request: HttpRequest,
    queryset: QuerySet[Any],
    kind: Kind,
    *,
    at_most: int,
    back: str = "",
    overwrite: bool = False,
) -> HttpResponse | None:
    """Show what the searches would cost; once that is confirmed, queue them and lead to the page of the run.

    Return None where the way leads back: nothing is done, who looks sees no runs, or they came from the page ``back``.
    """
    selected = queryset.count()
    if selected > at_most:
        sentence = f"{selected} leads are selected; search at most {at_most} here, or use manage.py enrich_leads."
        page.message_user(request, sentence, ERROR)
        return None
    form = ConfirmForm(request.POST) if "confirm" in request.POST else None
    # Another value than the one that was bought lately is wanted.
    force = overwrite or "force" in request.POST
    wanted: dict[str, Any] = {**asked(kind), "force": force, "overwrite": overwrite, **_by(request)}
    # Only what the page was computed with is bought.
    was_shown = force is ("shown_force" in request.POST)
    if form is not None and was_shown and form.is_valid():
        run = enrich(queryset, **wanted, max_credits=form.cleaned_data["max_credits"])
        _tell(page, request, run, kind)
        return None if back else _to_page_of(run, Viewer.of(page, request))
    expected = estimate(queryset, **wanted)
    if form is None or not was_shown:
        form = ConfirmForm(initial={"force": force})
    form.beside(expected.bill)
    if overwrite or not (force or expected.tally.reused[kind] or expected.tally.is_known(kind)):
        del form.fields["force"]
    told = {"form": form, "force": force, "selected": selected, "overwrite": overwrite}
    return _show(page, request, expected, kind, back=back, **told)


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"requested_by": request.user.get_username(), "via": Via.ADMIN}


def _to_page_of(run: Run, viewer: Viewer) -> HttpResponse | None:
    url = page_url(viewer, EnrichmentRun, run.id)
    return HttpResponseRedirect(url) if url else None


def _show(
    page: ModelAdmin[Any], request: HttpRequest, expected: Estimate, kind: Kind, *, back: str, **context: object
) -> TemplateResponse:
    """Show the page; its form posts the same action for the same leads once more."""
    told = {
        **_costs(expected, kind),
        "title": title(kind),
        "action": kind,
        "skips": _skips(page, request, expected.tally),
        **({"list_url": back} if back else {}),
        **context,
    }
    return confirmation_page(page, request, "admin/leads/enrich_confirmation.html", told)


def _costs(expected: Estimate, kind: Kind) -> dict[str, object]:
    tally, counts = expected.tally, expected.tally.counts(kind)
    return {
        "counts": counts,
        "missed": tally.missed[kind],
        "again": tally.again[kind],
        "has_work": counts.asked > counts.skipped or tally.is_known(kind),
        "posts": expected.posts,
        "bill": expected.bill,
        "balance": expected.balance,
        "trouble": _TROUBLES.get(expected.trouble, "") if home.look().is_home else _NOT_HOME,
    }


def _skips(page: ModelAdmin[Any], request: HttpRequest, tally: Tally) -> list[tuple[str, int, list[tuple[Skip, str]]]]:
    """Return each reason with its count and its first leads, each with its address."""
    by_reason: dict[str, list[Skip]] = defaultdict(list)
    for skip in tally.examples:
        by_reason[skip.reason].append(skip)
    examples = {reason: skips[:_EXAMPLES] for reason, skips in by_reason.items()}
    mapping = registry.of(page.model)
    names = [(mapping.label, skip.crm_id) for skips in examples.values() for skip in skips] if mapping else []
    urls = lead_urls(Viewer.of(page, request), names)
    return [
        (reason.label, count, [(skip, urls.get(skip.crm_id, "")) for skip in examples[reason]])
        for (_kind, reason), count in tally.skipped.items()
    ]


def _tell(page: ModelAdmin[Any], request: HttpRequest, run: Run, kind: Kind) -> None:
    # In a request's own transaction (ATOMIC_REQUESTS) they are there when the page is.
    own = SearchJob.objects.of_run(run.id).exists() or (run.tally.to_search[kind] and not run.is_planned)
    lookups = {"run": run.id} if own else {"id__in": ",".join(map(str, run.joined))}
    url = list_url(Viewer.of(page, request), SearchJob, **lookups)
    has_jobs = own or run.joined
    jobs = link(url, _("See the search jobs.")) if has_jobs and url else ""
    message = format_html("{}, {} {}", title(kind), queued_in_words(run.tally), jobs)
    page.message_user(request, message, SUCCESS if has_jobs else WARNING)
    if refused := run.progress().refused:
        sentence = f"Not written, because their table refuses it: {refused}. The search jobs say why."
        page.message_user(request, sentence, WARNING)
