"""Results that are kept, and did not reach their leads yet."""

from __future__ import annotations

import logging
import uuid

from django.db import DatabaseError

from enrow_webhooks.client.scrub import describe, log_failure
from leads.models import SearchJob
from leads.results import writeback

logger = logging.getLogger(__name__)


def write_waiting() -> int:
    """Write ended jobs whose results did not reach the leads yet; return how many.

    One that fails does not keep the others.
    """
    waiting = SearchJob.objects.unwritten().order_by("created_at").values_list("pk", flat=True)
    return sum(write(pk) for pk in list(waiting[:200]))


def write(pk: uuid.UUID, *, is_asked: bool = False) -> bool:
    """Write what a job's searches brought to their leads, as writeback.write() does; return whether it could be done.

    A database that fails is logged and noted in the job; the sweep tries again.
    """
    try:
        writeback.write(pk, is_asked=is_asked)
    except DatabaseError as error:
        log_failure(logger, error, "The results of search job %s are kept, but could not be written to the leads:", pk)
        note = f"Results kept, but not written to the leads: {describe(error)}"
        SearchJob.objects.filter(pk=pk).update(last_error=note[:500])
        return False
    return True
