"""How many rows of a CSV file become leads per second, beside django-import-export with its bulk options.

``python -m benchmarks.csv_files``; ``--small`` for a laptop. See benchmarks/README.md.
"""

from __future__ import annotations

import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.ingest import free_port
from benchmarks.people import names_of
from benchmarks.processes import cpu_seconds
from benchmarks.servers import ROOT, BenchmarkError, Ground, new_parser, prepared

# Rows of the big file, rows for the rivals, rounds.
SMALL, FULL = (20_000, 5_000, 2), (1_000_000, 50_000, 3)
_HEADER = ("crm_id", "firstname", "lastname", "company_name", "company_domain", "linkedin_url", "country_code",
           "email", "phone")  # fmt: skip
_AIM = 10.0
# What is compared with what.
_PAIRS = (
    ("ours insert", "COPY insert"),
    ("ours insert", "import-export insert"),
    ("ours insert", "import-export insert-looking-up"),
    ("ours update", "import-export update"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One file that was read or written, by a process of its own."""

    what: str
    rows: int
    seconds: float
    # Seconds of processor time of that process, and of its database connection.
    cpu: float
    database: float
    # Bytes that the process held at most.
    peak: int

    @property
    def per_second(self) -> float:
        """Rows per second, without the start of Python and Django."""
        return self.rows / self.seconds

    @property
    def microseconds(self) -> float:
        """Processor time per row, of both."""
        return 1e6 * (self.cpu + self.database) / self.rows


def write_file(path: Path, rows: int, *, mark: str = "") -> Path:
    """Write a file of made-up leads; the mark ends each company name, so that two files differ in every row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        writer.writerows(_cells(number, mark) for number in range(rows))
    return path


def _cells(number: int, mark: str) -> Iterator[str]:
    first, last, firm = *names_of(number), number // 25
    yield from (f"crm-{number:09}", first, last, f"Firm {firm}, Inc.{mark}", f"firm{firm}.com")
    yield f"https://www.linkedin.com/in/somebody-{number}" if number % 2 else ""
    yield "FR"
    yield f"p{number}@firm{firm}.com" if number % 3 == 0 else ""
    yield f"+3319900{number % 10_000:04}" if number % 5 == 0 else ""


def do(ground: Ground, what: str, path: Path) -> Done:
    """Let a process of its own read or write the file. Raises BenchmarkError."""
    command = [sys.executable, "-m", "benchmarks.csv_child", what, str(path)]
    done = subprocess.run(command, cwd=ROOT, env=ground.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"{what} failed: {done.stderr[-2000:]}")
    found = Done(what=what, **json.loads(done.stdout))
    print(f"  {what}: {found.rows:,} rows, {found.per_second:,.0f}/s, {found.peak / 1e6:.0f} MB", flush=True)
    return found


def compare(ground: Ground, rows: int, rounds: int) -> list[list[Done]]:
    """Import a new file and a changed one by ours and by the rival, in turn; one list per round."""
    new = write_file(ground.folder / "new.csv", rows)
    changed = write_file(ground.folder / "changed.csv", rows, mark=" (new)")
    done = []
    for _ in range(rounds):
        ground.database.execute("TRUNCATE leads_lead")
        one = [do(ground, "ours insert", new), _copy(ground, rows), do(ground, "ours update", changed)]
        _must_have(ground, rows, changed=rows)
        ground.database.execute("TRUNCATE leads_lead")
        one.append(do(ground, "import-export insert", new))
        ground.database.execute("TRUNCATE leads_lead")
        one += [do(ground, "import-export insert-looking-up", new), do(ground, "import-export update", changed)]
        _must_have(ground, rows, changed=rows)
        done.append(one)
    return done


def _copy(ground: Ground, rows: int) -> Done:
    """Store the rows of the table anew by COPY, no file read and nothing looked at: the baseline."""
    with ground.database.cursor() as cursor:
        with cursor.copy("COPY leads_lead TO STDOUT (FORMAT binary)") as stored:
            whole = b"".join(map(bytes, stored))
        cursor.execute("TRUNCATE leads_lead")
        started, before = time.perf_counter(), cpu_seconds(ground.database.info.backend_pid)
        with cursor.copy("COPY leads_lead FROM STDIN (FORMAT binary)") as empty:
            empty.write(whole)
        seconds, spent = time.perf_counter() - started, cpu_seconds(ground.database.info.backend_pid) - before
        return Done(what="COPY insert", rows=rows, seconds=seconds, cpu=0.0, database=spent, peak=0)


def at_scale(ground: Ground, rows: int) -> list[Done]:
    """Import, import again, update and export a big file by ours."""
    ground.database.execute("TRUNCATE leads_lead")
    new = write_file(ground.folder / "new.csv", rows)
    changed = write_file(ground.folder / "changed.csv", rows, mark=" (new)")
    done = [do(ground, "ours insert", new), do(ground, "ours update unchanged", new)]
    done += [do(ground, "ours update", changed), do(ground, "ours export", ground.folder / "out.csv")]
    _must_have(ground, rows, changed=rows)
    return done


def _must_have(ground: Ground, rows: int, *, changed: int) -> None:
    query = "SELECT count(*), count(*) FILTER (WHERE company_name LIKE '%% (new)') FROM leads_lead"
    [found] = ground.database.execute(query).fetchall()
    if found != (rows, changed):
        raise BenchmarkError(f"The table has {found} leads and changed leads instead of {rows, changed}.")


def ratio(rounds: Sequence[Sequence[Done]], mine: str, rival: str) -> float:
    """Return how many times our rows/s are the rival's, the middle of the rounds."""
    speeds = [{done.what: done.per_second for done in one} for one in rounds]
    return statistics.median(by[mine] / by[rival] for by in speeds)


def cost_ratio(rounds: Sequence[Sequence[Done]], mine: str, rival: str) -> float:
    """Return how many times our processor time the rival's is, the middle of the rounds."""
    costs = [{done.what: done.microseconds for done in one} for one in rounds]
    return statistics.median(by[rival] / by[mine] for by in costs if by[mine])


def markdown(found: dict[str, Any], rounds: Sequence[Sequence[Done]], scale: Sequence[Done]) -> str:
    """Return the tables."""
    named = [[one for done in rounds for one in done if one.what == what] for what in dict.fromkeys(
        one.what for one in rounds[0])]  # fmt: skip
    lines = [
        *report.heading("CSV files", found),
        "| what | rows | rows/s | µs of processor per row: Python | PostgreSQL | peak MB |",
        "|---|---|---|---|---|---|",
        *(_row(same) for same in [*named, *([one] for one in scale)]),
        "",
    ]
    lines += [
        f"- {mine} to {rival}: {ratio(rounds, mine, rival):.2g} x the rows/s,"
        f" {cost_ratio(rounds, mine, rival):.2g} x by processor time"
        for mine, rival in _PAIRS
    ]
    return "\n".join(lines) + "\n"


def _row(same: Sequence[Done]) -> str:
    speed = statistics.median(one.per_second for one in same)
    cpu, database = (
        statistics.median(1e6 * getattr(one, name) / one.rows for one in same) for name in ("cpu", "database")
    )
    peak = max(one.peak for one in same) / 1e6
    return f"| {same[0].what} | {same[0].rows:,} | {speed:,.0f} | {cpu:.1f} | {database:.1f} | {peak:.0f} |"


def headline(rounds: Sequence[Sequence[Done]], scale: Sequence[Done]) -> list[dict[str, Any]]:
    """Return the figures that stand in the picture."""
    by = {one.what: round(one.per_second) for one in scale}
    blind = round(ratio(rounds, "ours insert", "import-export insert"), 1)
    found = [
        ("insert", ratio(rounds, "ours insert", "import-export insert-looking-up"), {"with no look-up": blind}),
        ("update", ratio(rounds, "ours update", "import-export update"), {}),
    ]
    return [
        report.figure(
            f"CSV {what}, to django-import-export",
            times,
            "x",
            _AIM,
            **beside,
            **{f"rows/s of {scale[0].rows:,}": by[f"ours {what}"]},
        )
        for what, times, beside in found
    ]


def main() -> None:
    """Measure and report."""
    options = new_parser(__doc__, small="a minute instead of several").parse_args()
    rows, fewer, rounds = SMALL if options.small else FULL
    with tempfile.TemporaryDirectory() as folder, prepared(
        database_url=options.database, redis_url=options.redis, folder=Path(folder), port=free_port()
    ) as ground:  # fmt: skip
        conditions = report.conditions(ground, small=options.small)
        ground.manage("migrate", "--verbosity", "0")
        compared = compare(ground, fewer, rounds)
        scale = at_scale(ground, rows)
    text = markdown(conditions, compared, scale)
    print(f"\n{text}")
    if not options.no_save:
        figures = {
            "headline": headline(compared, scale),
            "rounds": [[asdict(one) for one in done] for done in compared],
            "scale": [asdict(one) for one in scale],
        }
        print(f"Written to {report.write('csv_files', conditions, figures, text)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
