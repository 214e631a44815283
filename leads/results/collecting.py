"""Fetch the result of a job by GET, and apply it."""

from __future__ import annotations

from enrow_webhooks.client.values import Kind, SearchStatus
from enrow_webhooks.connect import open_client
from leads.models import SearchJob
from leads.results import applying


def collect(job: SearchJob, *, via: SearchJob.Via, enrow_id: str = "") -> bool:
    """Fetch a job's result by GET and apply it; return False while Enrow brings none.

    Raises the client's errors.
    """
    search_id = job.enrow_id or enrow_id
    with open_client() as client:
        answer = client.fetch(Kind(job.kind), search_id, bulk=job.is_bulk)
    if answer.status is SearchStatus.ONGOING:
        return False
    applying.apply(job.pk, answer, via=via, enrow_id=search_id)
    return True
