"""How fast leads are planned and queued, beside ``COPY`` of the very rows that come of it.

``python -m benchmarks.plan``; ``--small`` for a look on a laptop. See benchmarks/README.md.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import report
from benchmarks.servers import ROOT, BenchmarkError, Ground, new_parser, prepared

# Four colleagues share a company; names have accents, domains come as people paste them.
_SEED = """
INSERT INTO leads_lead (crm_id, firstname, lastname, fullname, company_name, company_domain, linkedin_url, country_code,
                        email, email_status, phone, phone_country, phone_status, created_at, updated_at)
SELECT 'crm-' || n,
       (ARRAY['Ann', 'José', 'Zoë', 'Jean-Luc', 'Mary Jane', ' Peter', 'Łukasz', 'Søren', 'Đặng', 'Ola'])[1 + n %% 10],
       (ARRAY['Smith', 'García', 'O''Neill', 'van der Berg', 'Müller ', 'Nguyễn', 'Silva'])[1 + n %% 7] || ' ' || n,
       '', 'Company ' || n / 4,
       format((ARRAY['firm%%s.com', 'https://www.firm%%s.com/about', 'www.Firm%%s.co.uk', 'firm%%s.io', 'société%%s.fr',
                     'FIRM%%s.DE'])[1 + (n / 4) %% 6], n / 4),
       'https://www.linkedin.com/in/person-' || n, '', '', '', '', '', '', now(), now()
FROM generate_series(1, %s) n
"""
_COLUMNS = (
    "job_id, model, crm_id, kind, position, fingerprint, inputs, asked_at, outcome, value, country, value_before, "
    "effect, error"
)
# The baseline: the same table with the same indexes and foreign key, filled by nothing but COPY.
_FLOOR = """
CREATE TABLE floor (LIKE leads_leadsearch INCLUDING ALL);
ALTER TABLE floor ADD FOREIGN KEY (job_id) REFERENCES leads_searchjob DEFERRABLE INITIALLY DEFERRED
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many leads, in how many slices."""

    leads: int
    slices: int


SMALL = Size(leads=20_000, slices=4)
FULL = Size(leads=1_000_000, slices=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one slice took, ours and COPY's, one right after the other. Seconds."""

    leads: int
    ours: float
    # Processor time, of our process and of its database connection.
    python_cpu: float
    database_cpu: float
    floor: float
    floor_cpu: float
    # Statements per search job, and the most memory that our process has held so far.
    statements_per_job: float
    peak_mb: float


class Planner:
    """Our process."""

    def __init__(self, ground: Ground) -> None:
        command = [sys.executable, "manage.py", "plan_slices"]
        self._ground = ground
        # Enrow is not there to tell the balance, and says so.
        environment = {**ground.environment, "DJANGO_LOG_LEVEL": "ERROR"}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def plan(self, after: int, up_to: int) -> dict[str, float]:
        """Plan and queue the leads with these primary keys. Raises BenchmarkError when it buys not each of them."""
        if self._process.stdin is None or self._process.stdout is None:
            raise BenchmarkError("The planner has no pipes.")
        before = self._ground.cpu_seconds()
        self._process.stdin.write(f"{after} {up_to}\n")
        self._process.stdin.flush()
        done: dict[str, float] = json.loads(self._process.stdout.readline() or "{}")
        if done.get("bought") != up_to - after:
            raise BenchmarkError(f"The planner should have bought {up_to - after} leads: {done}.")
        return done | {"database_cpu": self._ground.cpu_seconds() - before}

    def end(self) -> None:
        """Let it end."""
        self._process.communicate(timeout=60)


@contextlib.contextmanager
def planning(ground: Ground) -> Iterator[Planner]:
    """Give a process that plans, until the block ends."""
    planner = Planner(ground)
    try:
        yield planner
    finally:
        planner.end()


def measure(ground: Ground, size: Size) -> tuple[list[Slice], dict[str, float]]:
    """Return the slices, each beside its floor, and what one call for all leads took."""
    ground.manage("migrate", "--run-syncdb", "--verbosity", "0")
    ground.database.execute(_SEED, [size.leads])
    ground.database.execute("ANALYZE leads_lead")
    ground.database.execute(_FLOOR)
    step = size.leads // size.slices
    with planning(ground) as planner, psycopg.connect(ground.environment["DATABASE_URL"], autocommit=True) as copier:
        slices = [_slice(ground, planner, copier, after, after + step) for after in range(0, size.leads, step)]
    ground.database.execute("DROP TABLE floor")
    ground.database.execute("TRUNCATE leads_leadsearch, leads_searchjob CASCADE")
    with planning(ground) as planner:
        return slices, planner.plan(0, size.leads)


def _slice(
    ground: Ground, planner: Planner, copier: psycopg.Connection[tuple[object, ...]], after: int, up_to: int
) -> Slice:
    done = planner.plan(after, up_to)
    rows = f"COPY (SELECT {_COLUMNS} FROM leads_leadsearch ORDER BY id DESC LIMIT {up_to - after}) TO STDOUT"
    with copier.cursor().copy(rows) as copy:
        data = b"".join(copy)
    busy, begun = ground.cpu_seconds(), time.perf_counter()
    with copier.cursor().copy(f"COPY floor ({_COLUMNS}) FROM STDIN") as copy:
        copy.write(data)
    floor = time.perf_counter() - begun
    print(f"  {up_to:,}: {done['seconds']:.2f} s, COPY {floor:.2f} s", flush=True)
    return Slice(
        leads=up_to - after,
        ours=done["seconds"],
        python_cpu=done["python_cpu"],
        database_cpu=done["database_cpu"],
        floor=floor,
        floor_cpu=ground.cpu_seconds() - busy,
        statements_per_job=done["statements"] / done["jobs"],
        peak_mb=done["peak_mb"],
    )


def markdown(found: dict[str, Any], slices: list[Slice], whole: dict[str, float]) -> str:
    """Return the table."""
    first, last = slices[0], slices[-1]
    per_second = f"{_middle(slices, lambda one: one.leads / one.floor):,.0f}"
    cpu = f"{_middle(slices, lambda one: 1e6 * one.floor_cpu / one.leads):.1f}"
    lines = [
        *report.heading("Planning and queueing", found),
        "| | leads/s | CPU µs per lead | of that Python | to COPY, time | to COPY, CPU |",
        "|---|---|---|---|---|---|",
        _row(f"{len(slices)} slices of {first.leads:,} leads, the middle one", slices),
        _row("the first slice", [first]),
        _row("the last slice", [last]),
        f"| COPY of the same rows, the middle slice | {per_second} | {cpu} | 0 | 1 | 1 |",
        "",
        *_sentences(first, last, whole),
    ]
    return "\n".join(lines) + "\n"


def _sentences(first: Slice, last: Slice, whole: dict[str, float]) -> list[str]:
    leads, seconds = whole["bought"], whole["seconds"]
    cpu = 1e6 * (whole["python_cpu"] + whole["database_cpu"]) / leads
    per_job = first.statements_per_job, last.statements_per_job, whole["statements"] / whole["jobs"]
    return [
        f"One call for all {leads:,}: {seconds:.1f} s, {leads / seconds:,.0f} leads/s, {cpu:.1f} µs of CPU per lead.",
        "",
        f"Most memory: {first.peak_mb:.0f} MB in the first slice, {whole['peak_mb']:.0f} MB in that call.",
        "",
        "Statements per search job: {:.2f} in the first slice, {:.2f} in the last, {:.2f} in that call.".format(
            *per_job
        ),
    ]


def _row(name: str, slices: list[Slice]) -> str:
    figures = [
        f"{_middle(slices, lambda one: one.leads / one.ours):,.0f}",
        f"{_middle(slices, lambda one: 1e6 * (one.python_cpu + one.database_cpu) / one.leads):.1f}",
        f"{_middle(slices, lambda one: 1e6 * one.python_cpu / one.leads):.1f}",
        f"{_middle(slices, lambda one: one.floor / one.ours):.2f}",
        f"{_middle(slices, lambda one: one.floor_cpu / (one.python_cpu + one.database_cpu)):.2f}",
    ]
    return f"| {name} | {' | '.join(figures)} |"


def _middle(slices: list[Slice], figure: Callable[[Slice], float]) -> float:
    return statistics.median(map(figure, slices))


def headline(slices: list[Slice]) -> list[dict[str, Any]]:
    """Return the figure that stands in the picture."""
    per_second = round(_middle(slices, lambda one: one.leads / one.ours))
    ratio = _middle(slices, lambda one: one.floor / one.ours)
    return [report.figure("leads planned and queued, to COPY", ratio, "x", 0.3, **{"leads/s": per_second})]


def main() -> None:
    """Measure and report."""
    options = new_parser(__doc__, small="20,000 leads instead of a million").parse_args()
    with tempfile.TemporaryDirectory() as folder, prepared(
        database_url=options.database, redis_url=options.redis, folder=Path(folder), port=0
    ) as ground:  # fmt: skip
        found = report.conditions(ground, small=options.small)
        slices, whole = measure(ground, SMALL if options.small else FULL)
    text = markdown(found, slices, whole)
    print(f"\n{text}")
    if not options.no_save:
        figures = {"headline": headline(slices), "slices": [asdict(one) for one in slices], "whole": whole}
        print(f"Written to {report.write('plan', found, figures, text)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
