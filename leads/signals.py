"""Where a host project hears of new values; leads are written set-based, so ``post_save`` is not sent."""

from __future__ import annotations

import logging
from typing import Any

from enrow_webhooks.client.scrub import log_failure
from enrow_webhooks.signals import QuietSignal

logger = logging.getLogger(__name__)


class WrittenSignal(QuietSignal):
    """A signal whose failures are logged without what they quote."""

    def send_robust(self, sender: Any, **named: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - Django's own signature
        """Call every receiver; return what each answered, or the exception that it raised."""
        answers = super().send_robust(sender, **named)
        for _, answer in answers:
            if isinstance(answer, Exception):
                log_failure(logger, answer, "A receiver of leads_written failed:")
        return answers


# Sent after the commit with ``job_id`` (UUID of the SearchJob) and ``written`` (how many leads changed). Which ones:
# ``LeadSearch.objects.filter(job_id=job_id, effect="written")``. A receiver that fails is logged and disturbs nobody.
leads_written = WrittenSignal()
