"""Runs: ask for one, look at it, stop it and let it continue."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from enrow_webhooks import admin_log
from leads import rights
from leads.api import pages
from leads.api.asked import RunRequestSerializer
from leads.api.base import EnrowView
from leads.api.lists import CREATED, PAGE, check_parameters, created_between, one_of
from leads.api.openapi import KEY, Parameter
from leads.api.replay import answered_once
from leads.api.selections import selected
from leads.api.throttles import SPEND
from leads.api.told import RunSerializer, SearchSerializer, page_of
from leads.api.views.estimates import order_of
from leads.api.wire import Conflict
from leads.enrichment import Run, enrich_later
from leads.idempotency import Answer
from leads.models import EnrichmentRun, LeadSearch, SearchJob
from leads.permissions import SPEND_CREDITS, VIEW_FOUND_VALUES

# Seconds until a program that asked for a run should look at it.
SOON = "2"
_STATE = Parameter(name="state", about=f"One of {', '.join(EnrichmentRun.State.values)}.")
RunPageSerializer = page_of(RunSerializer)
SearchPageSerializer = page_of(SearchSerializer)


class RunsView(EnrowView):
    """Somebody's own runs, and all of those models of which they see every lead."""

    def lets_in(self, user: Any) -> bool:  # noqa: ANN401 - the project's own user model
        """Let those in who may spend or may view runs; which runs, each view asks."""
        return bool(user.has_perm(SPEND_CREDITS)) or rights.may_view(user, EnrichmentRun)

    def row(self, request: Request, pk: uuid.UUID) -> EnrichmentRun:
        """Return a run that the user may look at. Raises NotFound."""
        row = rights.visible_runs(request.user).filter(pk=pk).first()
        if row is None:
            raise NotFound
        return row


class RunListView(RunsView):
    """Runs, newest first, and a new one."""

    operations: ClassVar = {"GET": "runs_list", "POST": "runs_create"}
    takes: ClassVar = {"POST": RunRequestSerializer}
    answers: ClassVar = {"GET": {200: RunPageSerializer}, "POST": {202: RunSerializer}}
    parameters: ClassVar = {"GET": (*PAGE, _STATE, *CREATED), "POST": (KEY,)}
    scopes: ClassVar = {"POST": SPEND}

    def get(self, request: Request) -> Response:
        """List the runs that you may look at, newest first."""
        check_parameters(self, request)
        runs: QuerySet[EnrichmentRun] = created_between(request, rights.visible_runs(request.user))
        if state := one_of(request, "state", EnrichmentRun.State.values):
            runs = runs.filter(state=state)
        return self.tell(pages.newest_first(request, runs))

    def post(self, request: Request) -> Response:
        """Ask for a run. It is planned and sent by workers; look at its progress after Retry-After seconds."""
        if not request.user.has_perm(SPEND_CREDITS):
            raise PermissionDenied
        asked = self.read(request)
        return answered_once(self, request, lambda: self._create(request, asked))

    def _create(self, request: Request, asked: dict[str, Any]) -> Answer:
        run = enrich_later(selected(request.user, asked), **order_of(request, asked))
        row = EnrichmentRun.objects.get(pk=run.id)
        place = reverse("leads_api:run", args=[run.id])
        return {
            "status": 202,
            "headers": {"Location": place, "Retry-After": SOON},
            "body": self.tell(row, method="POST", status=202).data,
        }


class RunView(RunsView):
    """One run."""

    operations: ClassVar = {"GET": "runs_get"}
    answers: ClassVar = {"GET": {200: RunSerializer}}

    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Get a run: who asked for what, and what planning came to so far."""
        return self.tell(self.row(request, pk))


class RunSearchesView(RunsView):
    """What was searched for the leads of a run."""

    operations: ClassVar = {"GET": "runs_searches"}
    answers: ClassVar = {"GET": {200: SearchPageSerializer}}
    parameters: ClassVar = {"GET": PAGE}

    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """List the searches in a run's own jobs, of leads that you may see; a page may be shorter than asked for."""
        check_parameters(self, request)
        page = _searches(request, self.row(request, pk))
        return self.tell(page, sees_values=request.user.has_perm(VIEW_FOUND_VALUES))


def _searches(request: Request, run: EnrichmentRun) -> pages.Page:
    """Return a page of a run's searches, job by job: no page reads more than the jobs that fill it."""
    said, number = pages.place(request), pages.size(request)
    jobs, behind = SearchJob.objects.filter(run=run.pk).order_by("pk"), Q()
    if said is not None:
        try:
            job, search = uuid.UUID(said[0]), int(said[1])
        except (ValueError, TypeError, IndexError, AttributeError):
            raise pages.wrong_cursor() from None
        if not 0 <= search < 2**63:
            raise pages.wrong_cursor()
        jobs, behind = jobs.filter(pk__gte=job), ~Q(job=job) | Q(pk__gt=search)
    some = list(jobs.values_list("pk", flat=True)[: number + 1])
    searches = LeadSearch.objects.filter(behind, job__in=some).order_by("job_id", "pk")
    rows = list(rights.visible_searches(request.user, searches)[: number + 1])
    if len(rows) > number:
        return pages.Page(
            results=rows[:number], next=pages.address(request, [rows[number - 1].job_id, rows[number - 1].pk])
        )
    following = pages.address(request, [some[-1], 0]) if len(some) > number else None
    return pages.Page(results=rows, next=following)


class _DecisionView(RunsView):
    """A decision about a whole run: by who asked for it, or by who may change runs."""

    answers: ClassVar = {"POST": {200: RunSerializer}}
    decide: ClassVar[Callable[..., bool]]
    done: ClassVar[str]
    rule: ClassVar[str]

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Decide about a run."""
        row = self.row(request, pk)
        if not self.may_decide(request.user, row):
            raise PermissionDenied
        if not type(self).decide(Run.get(pk), by=request.user.get_username()):
            raise Conflict(self.rule)
        row.refresh_from_db()
        admin_log.note(request, EnrichmentRun, [row], self.done)
        return self.tell(row, method="POST")

    def may_decide(self, user: Any, row: EnrichmentRun) -> bool:  # noqa: ANN401 - the project's own user model
        """Tell whether the run is the user's to decide about."""
        is_own = rights.is_own(user, row) and user.has_perm(SPEND_CREDITS)
        return is_own or rights.may_change(user, EnrichmentRun)


class RunPauseView(_DecisionView):
    """Pause a run."""

    operations: ClassVar = {"POST": "runs_pause"}
    decide = Run.pause
    done = "Paused."
    rule = "Only a run that is planning or running can be paused."

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Pause a run: nothing more is planned or sent; what is sent comes home."""
        return super().post(request, pk)


class RunCancelView(_DecisionView):
    """Cancel a run."""

    operations: ClassVar = {"POST": "runs_cancel"}
    decide = Run.cancel
    done = "Cancelled."
    rule = "This run has ended."

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Cancel a run: nothing is bought for what is not sent; what is sent comes home."""
        return super().post(request, pk)


class RunResumeView(_DecisionView):
    """Resume a run."""

    operations: ClassVar = {"POST": "runs_resume"}
    scopes: ClassVar = {"POST": SPEND}
    decide = Run.resume
    done = "Resumed."
    rule = "Only a run that is paused can be resumed."

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Let a paused run continue."""
        return super().post(request, pk)

    def may_decide(self, user: Any, row: EnrichmentRun) -> bool:  # noqa: ANN401 - the project's own user model
        """Tell whether they may also search its leads."""
        can_search = rights.may_resume(user, row, may_search=lambda mapping: rights.may_search(user, mapping))
        return can_search and super().may_decide(user, row)
