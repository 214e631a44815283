"""Plan and queue leads as enrich_leads does, slice by slice, and say what each took; for benchmarks.plan."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand
from django.db import connection

from enrow_webhooks.client.values import Kind
from enrow_webhooks.gc_tuning import calm
from leads.enrichment import enrich
from leads.models import Lead


class Command(BaseCommand):
    """Reads lines of two primary keys, after and up to; answers each with a line of JSON."""

    help = __doc__ or ""
    requires_system_checks: ClassVar[list[str]] = []

    def handle(self, **options: Any) -> None:
        """Answer until the input ends."""
        calm()  # as enrich_leads is, when it is a program of its own
        with connection.execute_wrapper(self._count):
            for line in sys.stdin:
                after, up_to = map(int, line.split())
                self.stdout.write(json.dumps(self._plan(after, up_to)))
                self.stdout.flush()

    def _plan(self, after: int, up_to: int) -> dict[str, float]:
        self.statements = 0
        begun, busy = time.perf_counter(), time.process_time()
        run = enrich(Lead.objects.filter(pk__gt=after, pk__lte=up_to), find={"email"})
        seconds, cpu = time.perf_counter() - begun, time.process_time() - busy
        statements = self.statements
        return {
            "bought": run.tally.to_search[Kind.FIND_EMAIL],
            "seconds": seconds,
            "python_cpu": cpu,
            "statements": statements,
            "jobs": run.jobs().count(),
            "peak_mb": _peak_mb(),
        }

    def _count(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.statements += 1
        return execute(*args)


def _peak_mb() -> float:
    """Return the most memory that this process has held; 0 where there is no /proc.

    Not ru_maxrss, which begins with what the parent held when it started us.
    """
    status = Path("/proc/self/status")
    peak = re.search(r"VmHWM:\s*(\d+)", status.read_text(encoding="ascii")) if status.exists() else None
    return int(peak[1]) / 1024 if peak else 0.0
