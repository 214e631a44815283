"""One lead: from the call of enrich() or enrich_batched() to its POST at the sandbox, beside the shortest recipe.

``python -m benchmarks.latency``; ``--small`` for a look. See benchmarks/README.md.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.ingest import free_port
from benchmarks.people import add_leads
from benchmarks.servers import ROOT, BenchmarkError, Ground, new_parser, prepared
from enrow_webhooks.sandbox.server import SandboxServer

SMALL, FULL = 8, 60
# How a lead is asked for. The recipe is a Celery task that reads the lead and POSTs at once: it asks nobody about
# credits, remembers nothing, and buys twice.
WAYS = ("enrich", "enrich_batched", "recipe")
_RECIPE = "recipe"
# A worker that gathers looks again after two seconds; the next lead shall be the first one again.
_REST = {"enrich_batched": 2.3}
_PATIENCE = 15.0


def measure(ground: Ground, server: SandboxServer, samples: int) -> dict[str, list[float]]:
    """Return the milliseconds of each sample, by the way in which the lead was asked for; the ways take turns."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with asking(ground) as caller:
        for number in range(samples + 1):
            for place, way in enumerate(WAYS):
                taken = _one(caller, server, way, 1 + number * len(WAYS) + place)
                # The first of each finds cold processes.
                if number:
                    found[way].append(taken)
                time.sleep(_REST.get(way, 0.1))
    return found


def _one(caller: subprocess.Popen[str], server: SandboxServer, way: str, pk: int) -> float:
    if caller.stdin is None or caller.stdout is None:
        raise BenchmarkError("The caller has no pipes.")
    before, deadline = len(server.sandbox.jobs), time.monotonic() + _PATIENCE
    caller.stdin.write(f"{way} {pk}\n")
    caller.stdin.flush()
    while len(server.sandbox.jobs) == before:
        if time.monotonic() > deadline:
            raise BenchmarkError(f"No POST came of {way} for lead {pk}.")
        time.sleep(0.0002)
    arrived = time.time()
    return 1000 * (arrived - float(caller.stdout.readline()))


@contextlib.contextmanager
def asking(ground: Ground) -> Iterator[subprocess.Popen[str]]:
    """Give a process that asks for one lead after the other, until the block ends."""
    command = [sys.executable, "manage.py", "ask_for_one"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    caller = subprocess.Popen(command, cwd=ROOT, env=ground.environment, text=True, **pipes)
    try:
        yield caller
    finally:
        caller.communicate(timeout=60)


def summary(found: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of each way, and both as a share of the recipe's: 1 is as fast, less is slower."""
    told = {way: {"p50": statistics.median(times), "p95": _p95(times)} for way, times in found.items()}
    return {
        way: one | {f"{name} to recipe": told[_RECIPE][name] / one[name] for name in ("p50", "p95")}
        for way, one in told.items()
    }


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def markdown(conditions: dict[str, Any], found: dict[str, list[float]]) -> str:
    """Return the table."""
    lines = [
        *report.heading("One lead, from the call to the POST", conditions),
        "| | p50 ms | p95 ms | to the recipe, p50 | p95 |",
        "|---|---|---|---|---|",
        *(
            f"| {way} | {one['p50']:.1f} | {one['p95']:.1f} | {one['p50 to recipe']:.2f} | {one['p95 to recipe']:.2f} |"
            for way, one in summary(found).items()
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and report."""
    options = new_parser(__doc__, small=f"{SMALL} leads of each way instead of {FULL}").parse_args()
    samples = SMALL if options.small else FULL
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # No event is sent: the way back is no part of this.
        quiet = {"credits": Decimal(1_000_000), "delay": 3600.0, "rate": None, "chaos": "drop"}
        server = stack.enter_context(SandboxServer(port=0, **quiet))
        ground = stack.enter_context(
            prepared(database_url=options.database, redis_url=options.redis, folder=folder, port=free_port())
        )
        ground.environment = {**ground.environment, "ENROW_BASE_URL": server.url, "ENROW_WEBHOOK_ORIGIN": ""}
        conditions = report.conditions(ground, small=options.small) | report.serving(ground, middleware=True)
        ground.manage("migrate", "--run-syncdb", "--verbosity", "0")
        add_leads(ground.database, len(WAYS) * (samples + 1) + 1)
        stack.enter_context(ground.worker(processes=2))
        found = measure(ground, server, samples)
    conditions |= {"worker": "prefork 2", "leads of each way": samples}
    text = markdown(conditions, found)
    print(f"\n{text}")
    if not options.no_save:
        figures = {"headline": [], "ways": summary(found), "milliseconds": found}
        print(f"Written to {report.write('latency', conditions, figures, text)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
