"""Search jobs: look at them, and decide about those that do not continue by themselves."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.urls import reverse
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from enrow_webhooks import admin_log
from leads import decisions, rights
from leads.api import pages
from leads.api.asked import SpendRequestSerializer
from leads.api.base import EnrowView
from leads.api.lists import CREATED, PAGE, check_parameters, created_between, one_of, only
from leads.api.openapi import KEY, Parameter
from leads.api.replay import answered_once
from leads.api.throttles import SPEND
from leads.api.told import AgainSerializer, JobSerializer, page_of
from leads.api.views.runs import SOON
from leads.api.wire import Conflict
from leads.credits.consent import credits_in_words
from leads.decisions import Decision
from leads.enrichment import Run, Via
from leads.idempotency import Answer
from leads.kinds import KINDS
from leads.models import EnrichmentRun, SearchJob
from leads.models.jobs import SearchJobQuerySet
from leads.permissions import SPEND_CREDITS

JobPageSerializer = page_of(JobSerializer)
_STATE = Parameter(name="state", about=f"One of {', '.join(SearchJob.State.values)}.")
_KIND = Parameter(name="kind", about=f"One of {', '.join(KINDS)}.")
_RUN = Parameter(name="run", about="Jobs of this run.", kind=uuid.UUID)
_OTHERS = "This search job has leads that you may not search."


class JobsView(EnrowView):
    """The search jobs of runs that the user may look at."""

    def lets_in(self, user: Any) -> bool:  # noqa: ANN401 - the project's own user model
        """Let those in who may spend or may view search jobs; which jobs, each view asks."""
        return bool(user.has_perm(SPEND_CREDITS)) or rights.may_view(user, SearchJob)

    def told(self, rows: object, request: Request, *, method: str = "GET") -> Response:
        """Return the answer about jobs."""
        return self.tell(rows, method=method, sees_every_lead=rights.sees_every_lead(request.user))


class JobListView(JobsView):
    """Search jobs, newest first."""

    operations: ClassVar = {"GET": "jobs_list"}
    answers: ClassVar = {"GET": {200: JobPageSerializer}}
    parameters: ClassVar = {"GET": (*PAGE, _STATE, _KIND, _RUN, *CREATED)}

    def get(self, request: Request) -> Response:
        """List the search jobs that you may look at, newest first."""
        check_parameters(self, request)
        jobs = created_between(request, rights.visible_jobs(request.user))
        if state := one_of(request, "state", SearchJob.State.values):
            jobs = jobs.filter(state=state)
        if kind := one_of(request, "kind", list(KINDS)):
            jobs = jobs.filter(kind=kind)
        if run := only(request, "run"):
            jobs = jobs.filter(run=_id(run))
        return self.told(pages.newest_first(request, jobs), request)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValidationError({"run": ["It takes the id of a run."]}) from None


class JobView(JobsView):
    """One search job."""

    operations: ClassVar = {"GET": "jobs_get"}
    answers: ClassVar = {"GET": {200: JobSerializer}}

    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Get a search job: how far it is, and what it cost."""
        return self.told(_job(request, pk).get(), request)


def _job(request: Request, pk: uuid.UUID) -> SearchJobQuerySet:
    """Return one job that the user may look at. Raises NotFound."""
    jobs = rights.visible_jobs(request.user).filter(pk=pk)
    if not jobs.exists():
        raise NotFound
    return jobs


def _may_decide(user: Any, job: SearchJob) -> bool:  # noqa: ANN401 - the project's own user model
    """Tell whether a job is the user's to decide about: they asked for its run, or may change search jobs."""
    if rights.may_change(user, SearchJob):
        return True
    own = EnrichmentRun.objects.filter(rights.asked_by(user), pk=job.run)
    return user.has_perm(SPEND_CREDITS) and own.exists()


class _DecisionView(JobsView):
    """A decision about one job."""

    answers: ClassVar = {"POST": {200: JobSerializer}}
    decision: ClassVar[Decision]
    # Whether it can make something be sent: then the user may search every lead of the job.
    sends = True

    def decided_about(self, request: Request, pk: uuid.UUID) -> SearchJobQuerySet:
        """Return the job. Raises NotFound, and PermissionDenied where it is not the user's to decide about."""
        jobs, user = _job(request, pk), request.user
        if not _may_decide(user, jobs.get()):
            raise PermissionDenied
        if self.sends:
            if not user.has_perm(SPEND_CREDITS):
                raise PermissionDenied
            if rights.others_jobs(user, jobs, may_search=lambda mapping: rights.may_search(user, mapping)):
                raise PermissionDenied(_OTHERS)
        return jobs

    def decide(self, request: Request, pk: uuid.UUID) -> Response:
        """Take the decision, or say why it cannot be taken."""
        jobs = self.decided_about(request, pk)
        if not self.decision.decide(pk, by=request.user.get_username()):
            raise Conflict(f"This job is {jobs.get().get_state_display()}; {self.decision.rule}.")
        job = jobs.get()
        admin_log.note(request, SearchJob, [job], f"{self.decision.done.capitalize()}.")
        return self.told(job, request, method="POST")


class JobResumeView(_DecisionView):
    """Resume a held job."""

    operations: ClassVar = {"POST": "jobs_resume"}
    scopes: ClassVar = {"POST": SPEND}
    decision = decisions.RESUME

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Send a held job now, instead of when the sweep finds that it can be sent."""
        return self.decide(request, pk)


class JobGiveUpView(_DecisionView):
    """Give up a job whose answer was lost."""

    operations: ClassVar = {"POST": "jobs_give_up"}
    decision = decisions.GIVE_UP
    sends = False

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop waiting for a job whose answer was lost: its leads may be bought again, a late result is taken."""
        return self.decide(request, pk)


class _SpendingView(_DecisionView):
    """Searches leads of a job again, for at most so many credits."""

    takes: ClassVar = {"POST": SpendRequestSerializer}
    answers: ClassVar = {"POST": {202: AgainSerializer}}
    parameters: ClassVar = {"POST": (KEY,)}
    scopes: ClassVar = {"POST": SPEND}

    def answer(self, pk: uuid.UUID, runs: list[Run], *, written: int = 0) -> Answer:
        """Return what is said of the new runs; ids and counts only, because it is stored."""
        headers = {"Retry-After": SOON}
        if runs:
            headers["Location"] = reverse("leads_api:run", args=[runs[0].id])
        told = {"job": pk, "runs": [run.id for run in runs], "written": written}
        return {"status": 202, "headers": headers, "body": self.tell(told, method="POST", status=202).data}


class JobResendView(_SpendingView):
    """Send a job again whose answer was lost."""

    operations: ClassVar = {"POST": "jobs_resend"}
    decision = decisions.RESEND

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Search the leads of a job again whose answer was lost. If Enrow did accept it, both are billed."""
        most = self.read(request)["max_credits"]
        jobs, user = self.decided_about(request, pk), request.user.get_username()

        def resend() -> Answer:
            if decisions.beyond(jobs, most, user=user):
                told = f"That would cost more than {credits_in_words(most)} credits, or than today allows."
                raise ValidationError({"max_credits": [told]})
            runs = decisions.resend_later(pk, by=user, via=Via.API)
            if runs is None:
                raise Conflict(f"This job is {jobs.get().get_state_display()}; {self.decision.rule}.")
            admin_log.note(request, SearchJob, jobs, f"{self.decision.done.capitalize()}.")
            return self.answer(pk, runs)

        return answered_once(self, request, resend)


class JobRetryView(_SpendingView):
    """Search again what failed in a job."""

    operations: ClassVar = {"POST": "jobs_retry"}

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Search the leads again whose search in this job failed.

        What their table refused is written again, which costs nothing.
        """
        most = self.read(request)["max_credits"]
        jobs, user = self.decided_about(request, pk), request.user.get_username()
        has_refused = decisions.refused(jobs).exists()
        # In transactions of their own, as always; doing it twice changes nothing.
        again = decisions.write_again(jobs)

        def retry() -> Answer:
            if not (has_refused or decisions.failed(jobs).exists()):
                raise Conflict("Nothing failed in this job, or it has not ended yet.")
            runs = decisions.retry(jobs, by=user, via=Via.API, max_credits=most, later=True)
            admin_log.note(request, SearchJob, jobs, "Searched again what failed.")
            return self.answer(pk, runs, written=again.tried - again.refused)

        return answered_once(self, request, retry)
