"""How fast results are written to their searches and leads, against the baseline and against what people write by hand.

``python -m benchmarks.apply``; ``--small`` for a look on a laptop. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.servers import BenchmarkError, new_parser, prepared

# Leads in the table, measured rounds, results that each way writes in a round, to leads of its own.
SMALL = {"leads": 50_000, "rounds": 3, "rows": 2500}
FULL = {"leads": 1_000_000, "rounds": 11, "rows": 5000}
CLOCK, CPU = 0, 1
_BESIDE = ("floor", "bulk_update", "save()")
_FLOORS = {"ours, a mapped model": "floor, a mapped model"}


def table(measured: dict[str, list[list[float]]], rows: dict[str, int]) -> list[str]:
    """Return the lines of the table: milliseconds for 5,000 results; ratios are medians of the rounds' ratios."""
    to = " | ".join(f"to {name} | of CPU" for name in _BESIDE)
    lines = [
        f"| way | results | ms per 5,000 | results/s | CPU ms per 5,000 | {to} |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in measured:
        clock, cpu = (statistics.median(_per_batch(measured, rows, name, what)) for what in (CLOCK, CPU))
        ratios = " | ".join(
            f"{_ratio(measured, rows, name, _FLOORS.get(name, other) if other == 'floor' else other, what):.2f}"
            for other in _BESIDE
            for what in (CLOCK, CPU)
        )
        lines.append(f"| {name} | {rows[name]:,} | {clock:,.0f} | {5_000_000 / clock:,.0f} | {cpu:,.0f} | {ratios} |")
    return lines


def _per_batch(measured: dict[str, list[list[float]]], rows: dict[str, int], name: str, what: int) -> list[float]:
    return [spent[what] * 5000 / rows[name] for spent in measured[name]]


def _ratio(
    measured: dict[str, list[list[float]]], rows: dict[str, int], name: str, other: str, what: int
) -> float:  # fmt: skip
    """Compare round by round how many times as fast as the other it is: both saw the same machine."""
    pairs = zip(_per_batch(measured, rows, name, what), _per_batch(measured, rows, other, what), strict=True)
    return statistics.median(theirs / mine for mine, theirs in pairs)


def headline(measured: dict[str, list[list[float]]], rows: dict[str, int]) -> list[dict[str, Any]]:
    """Return the figures that stand in the picture."""
    speed = round(5_000_000 / statistics.median(_per_batch(measured, rows, "ours", CLOCK)))
    return [
        report.figure(
            f"results applied, to {name}",
            _ratio(measured, rows, "ours", other, CLOCK),
            "x",
            aim,
            **{"results/s": speed},
        )
        for other, name, aim in (("floor", "two raw updates", 0.75), ("bulk_update", "bulk_update", 10.0))
    ] + [
        report.figure(
            "results applied to a mapped model, to three raw statements",
            _ratio(measured, rows, "ours, a mapped model", "floor, a mapped model", CLOCK),
            "x",
            0.6,
        )
    ]


def run(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the conditions and what was measured, in a database that is gone afterwards."""
    size = SMALL if options.small else FULL
    with tempfile.TemporaryDirectory() as folder, prepared(
        database_url=options.database, redis_url=options.redis, folder=Path(folder), port=0,
    ) as ground:  # fmt: skip
        conditions = report.conditions(ground, small=options.small) | size
        ground.manage("migrate", "--run-syncdb", "--verbosity", "0")
        printed = ground.manage("measure_apply", *(f"--{name}={value}" for name, value in size.items()))
        conditions["load after"] = round(os.getloadavg()[0], 2)
    return conditions, json.loads(printed)


def main() -> None:
    """Measure and report."""
    options = new_parser(__doc__, small="50,000 leads instead of a million").parse_args()
    conditions, figures = run(options)
    head = report.heading("Apply", conditions)
    text = "\n".join([*head, *table(figures["measured"], figures["rows"])]) + "\n"
    print(f"\n{text}")
    if not options.no_save:
        figures["headline"] = headline(figures["measured"], figures["rows"])
        print(f"Written to {report.write('apply', conditions, figures, text)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
