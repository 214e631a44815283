"""Where a host project hears of new values; leads are written set-based, so ``post_save`` is not sent."""

from __future__ import annotations

import logging

from django.dispatch import Signal

from enrow_webhooks.client.scrub import log_failure

logger = logging.getLogger(__name__)


class WrittenSignal(Signal):
    """A signal whose failures are logged without what they quote."""

    def _log_robust_failure(self, receiver: object, err: Exception) -> None:
        log_failure(logger, err, "A receiver of leads_written failed:")


# Sent after the commit with ``job_id`` (UUID of the SearchJob) and ``written`` (how many leads changed). Which ones:
# ``LeadSearch.objects.filter(job_id=job_id, effect="written")``. A receiver that fails is logged and disturbs nobody.
leads_written = WrittenSignal()
