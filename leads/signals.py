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
                log_failure(logger, answer, "A receiver of values_written failed:")
        return answers


# Sent after the commit, once per batch of results, with ``changes`` (a list of ``leads.mapping.Change``: model, key,
# crm_id, field, old and new value) and ``job_id`` (UUID of the SearchJob); its sender is the model. A hint, sent at
# most once: what must not be lost reads ``LeadSearch.objects.filter(effect="written")``. A receiver that fails is
# logged and disturbs nobody.
values_written = WrittenSignal()
