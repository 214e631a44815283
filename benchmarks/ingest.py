"""How many events per second the endpoint acknowledges, against what people write by hand.

``python -m benchmarks.ingest`` (or ``make bench``); ``--small`` for a look on a laptop. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import report
from benchmarks.load import Outcome, Plan
from benchmarks.servers import ROOT, BenchmarkError, Ground, new_parser, prepared

PROCESSES, CONNECTIONS = 2, 16
NOTICES_PER_SECOND = 200
_WARM_UP = 1.0


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to acknowledge an event."""

    name: str
    path: str
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long it all takes."""

    rounds: int
    seconds: float
    steady_seconds: float


# Short rounds: what else the machine does changes within seconds, and both halves of a pair shall meet the same.
SMALL = Size(rounds=4, seconds=1.0, steady_seconds=1.5)
FULL = Size(rounds=20, seconds=1.5, steady_seconds=6)


@dataclass(slots=True, kw_only=True)
class Measured:
    """What one rival did under one condition."""

    rival: str
    worker: bool
    # One figure per round.
    per_second: list[float] = field(default_factory=list)
    # Milliseconds of processor time per event, of gunicorn and of the database; one figure per round.
    cpu: list[float] = field(default_factory=list)
    # Milliseconds, of all rounds together.
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    # Rows minus 200s: below zero, something was acknowledged and is not there.
    rows_missing: int = 0
    # Celery messages in the queue at the end of all rounds: without a worker, all that were published.
    messages: int = 0

    @property
    def median(self) -> float:
        """The middle round."""
        return statistics.median(self.per_second)

    @property
    def errors(self) -> int:
        """How many events were not answered by 200."""
        return sum(count for status, count in self.statuses.items() if status != "200")


def rivals_of(ground: Ground) -> list[Rival]:
    """Return ours first, then what it is measured against."""
    path = ground.manage("prepare_benchmark")
    return [
        Rival("ours", path, "enrow_webhooks_webhookevent"),
        Rival("bare insert", "/rivals/bare/", "rivals_bareevent"),
        Rival("recipe", "/rivals/recipe/", "rivals_handevent"),
    ]


def fire(port: int, path: str, *, seconds: float, rate: float = 0.0) -> list[Outcome]:
    """Let all load processes fire at one path at once; return their outcomes."""
    plan = Plan(port=port, path=path, connections=CONNECTIONS // PROCESSES, seconds=seconds, rate=rate / PROCESSES)
    command = [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(plan))]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
    printed = [process.communicate(timeout=seconds + 60)[0] for process in running]
    return [Outcome(**json.loads(text)) for text in printed]


def measure(
    ground: Ground, rivals: list[Rival], *, worker: bool, rounds: int, seconds: float, rate: float = 0.0
) -> list[Measured]:
    """Measure the rivals in turn, round after round, so that the machine's moods meet all of them."""
    measured = [Measured(rival=rival.name, worker=worker) for rival in rivals]
    latencies: list[list[float]] = [[] for _ in rivals]
    for _ in range(rounds):
        for rival, figures, times in zip(rivals, measured, latencies, strict=True):
            ground.empty()
            before = ground.cpu_seconds()
            outcomes = fire(ground.port, rival.path, seconds=seconds, rate=rate)
            spent = ground.cpu_seconds() - before
            figures.cpu.append(1000 * spent / max(1, sum(len(outcome.latencies) for outcome in outcomes)))
            _add(figures, outcomes, rows=ground.count(rival.table))
            figures.messages += ground.messages()
            times.extend(time for outcome in outcomes for time in outcome.latencies)
            print(f"  {rival.name}: {figures.per_second[-1]:,.0f}/s, {figures.cpu[-1]:.2f} ms", flush=True)
    for figures, times in zip(measured, latencies, strict=True):
        figures.p50, figures.p95, figures.p99 = (1000 * quantile(times, share) for share in (0.5, 0.95, 0.99))
    return measured


def quantile(times: list[float], share: float) -> float:
    """Return the time that this share of all stays within."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


def _add(figures: Measured, outcomes: list[Outcome], *, rows: int) -> None:
    figures.per_second.append(sum(len(outcome.latencies) / outcome.seconds for outcome in outcomes))
    acknowledged = sum(outcome.statuses.get("200", 0) for outcome in outcomes)
    figures.rows_missing += acknowledged - rows
    for outcome in outcomes:
        for status, times in outcome.statuses.items():
            figures.statuses[status] = figures.statuses.get(status, 0) + times


@contextlib.contextmanager
def consuming(ground: Ground, *, worker: bool) -> Iterator[None]:
    """Have a worker that consumes what is published, or none."""
    with ground.worker() if worker else contextlib.nullcontext():
        yield


def run(ground: Ground, size: Size) -> tuple[list[Measured], list[Measured]]:
    """Return the throughput of all rivals, and the times at a fixed pace; each without and with a worker."""
    throughput: list[Measured] = []
    steady: list[Measured] = []
    ground.manage("migrate", "--run-syncdb", "--verbosity", "0")
    rivals = rivals_of(ground)
    for worker in (False, True):
        with ground.site(), consuming(ground, worker=worker):
            for rival in rivals:
                fire(ground.port, rival.path, seconds=_WARM_UP)
            print(f"As fast as it answers, {'one worker' if worker else 'no worker'}:", flush=True)
            throughput += measure(ground, rivals, worker=worker, rounds=size.rounds, seconds=size.seconds)
            print(f"At {NOTICES_PER_SECOND} events/s:", flush=True)
            # The bare insert is the witness: when it is late too, the machine was busy with something else.
            steady += measure(
                ground, rivals[:2], worker=worker, rounds=4, seconds=size.steady_seconds, rate=NOTICES_PER_SECOND
            )
    return throughput, steady


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__, small="a minute instead of several")
    parser.add_argument("--no-middleware", action="store_true", help="all rivals without the demo's middleware")
    return parser.parse_args()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main() -> None:
    """Measure and report."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder, prepared(
        database_url=options.database, redis_url=options.redis, folder=Path(folder), port=free_port(),
        middleware=not options.no_middleware,
    ) as ground:  # fmt: skip
        conditions = report.conditions(ground, small=options.small)
        conditions |= report.serving(ground, middleware=not options.no_middleware)
        throughput, steady = run(ground, SMALL if options.small else FULL)
    text = report.markdown(conditions, throughput, steady)
    print(f"\n{text}")
    if not options.no_save:
        print(f"Written to {report.save(conditions, throughput, steady, text)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
