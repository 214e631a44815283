"""What Enrow may answer, in our values, and what became of it."""

from __future__ import annotations

from enrow_webhooks.client.values import Answer, Result, SearchStatus, Verdict
from leads.models import LeadSearch, SearchJob

VIA = SearchJob.Via.WEBHOOK


def found(crm_id="", value="x@firm.com", **more):
    return Result(verdict=Verdict.FOUND, value=value, crm_id=crm_id, **more)


def missed(crm_id="", **more):
    return Result(verdict=Verdict.NOT_FOUND, crm_id=crm_id, **more)


def done(*answers, **more):
    return Answer(status=SearchStatus.COMPLETED, results=answers, **more)


def effects(job):
    return dict(LeadSearch.objects.filter(job=job).values_list("crm_id", "effect"))
