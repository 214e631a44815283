"""Ask for one lead after the other, in the way that each line says; for benchmarks.latency."""

from __future__ import annotations

import sys
import time
from typing import Any, ClassVar

from django.core.management.base import BaseCommand

from benchmarks.rivals.tasks import post_lead
from leads.enrichment import enrich, enrich_batched
from leads.models import Lead


class Command(BaseCommand):
    """Reads lines of a way and a primary key; answers each with the time at which it began to ask."""

    help = __doc__ or ""
    requires_system_checks: ClassVar[list[str]] = []

    def handle(self, **options: Any) -> None:
        """Answer until the input ends."""
        for line in sys.stdin:
            way, pk = line.split()
            lead = Lead.objects.get(pk=pk)
            begun = time.time()
            if way == "enrich":
                enrich(Lead.objects.filter(pk=lead.pk), find={"email"})
            elif way == "enrich_batched":
                enrich_batched(lead, find={"email"}, daily_credits=100_000)
            else:
                post_lead.delay(lead.pk)
            self.stdout.write(f"{begun!r}")
            self.stdout.flush()
