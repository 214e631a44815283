"""How long every admin page, the doctor, the sweep and the sums take beside a million leads.

``python -m benchmarks.reading``; ``--small`` for a laptop. See benchmarks/README.md.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.servers import BenchmarkError, new_parser, prepared

FULL = {"leads": 1_000_000, "searches": 5_000_000, "events": 1_000_000}
_SMALLER = 50
# Pages with a table of their own; the rest is told by its slowest.
_SLOWEST = 15


def markdown(found: dict[str, Any], size: dict[str, int], measured: dict[str, Any]) -> list[str]:
    """Return the lines: per group of pages the middle and the slowest, then what is slowest or reads much."""
    looked = sorted(measured["looked"], key=lambda page: page["second"])
    told = ", ".join(f"{number:,} {name}" for name, number in size.items())
    groups = sorted({_group(page) for page in looked})
    return [
        *report.heading("Reading", found),
        f"{told}; filled in {measured['filled']:,.0f} s. Each page is opened twice; times are of the whole page.",
        "A look at a job asks a port where nobody listens, which takes most of its time.",
        "",
        *report.table(
            ["what", "pages", "queries", "median ms", "slowest ms", "which"],
            [_line(group, [page for page in looked if _group(page) == group]) for group in groups],
        ),
        "The slowest:",
        "",
        *report.table(
            ["page", "first ms", "second ms", "in the database", "queries", "worst statement ms", "worst statement"],
            [_page(page) for page in looked[: -_SLOWEST - 1 : -1]],
        ),
        "Sequential scans of a big table, and statements that are expected to read more than 20,000 rows of one:",
        "",
        *report.table(
            ["page", "what"], [(page["name"], "; ".join(page["problems"])) for page in looked if page["problems"]]
        ),
    ]


def _group(page: dict[str, Any]) -> str:
    return " ".join(page["name"].partition(":")[0].split()[:2]) if page["name"][:5] in {"list ", "page "} else "query"


def _line(group: str, pages: list[dict[str, Any]]) -> tuple[object, ...]:
    middle, slowest = pages[len(pages) // 2], pages[-1]
    queries = f"{min(page['queries'] for page in pages)} to {max(page['queries'] for page in pages)}"
    return group, len(pages), queries, f"{middle['second']:.0f}", f"{slowest['second']:.0f}", slowest["name"]


def _page(page: dict[str, Any]) -> tuple[object, ...]:
    statement = page["statement"].replace("|", "\\|")
    short = statement if len(statement) < 160 else f"{statement[:80]} … {statement[-70:]}"
    times = [f"{page[name]:.0f}" for name in ("first", "second", "database")]
    return page["name"], *times, page["queries"], f"{page['worst']:.0f}", short


def main() -> None:
    """Measure and report."""
    options = new_parser(__doc__, small="a laptop's size: about a minute").parse_args()
    size = {name: number // _SMALLER if options.small else number for name, number in FULL.items()}
    with tempfile.TemporaryDirectory() as folder, prepared(
        database_url=options.database, redis_url=options.redis, folder=Path(folder), port=0
    ) as ground:  # fmt: skip
        found = report.conditions(ground, small=options.small)
        ground.manage("migrate", "--verbosity", "0")
        counts = [f"--{name}={number}" for name, number in size.items()]
        measured = json.loads(ground.manage("measure_reading", *counts))
    text = "\n".join(markdown(found, size, measured))
    print(text)
    if not options.no_save:
        print(f"Written to {report.write('reading', found, {'figures': measured}, text)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
