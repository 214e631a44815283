"""What was measured, on what, in a table and in JSON."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from benchmarks.servers import GUNICORN, BenchmarkError, Ground

RESULTS = Path(__file__).parent / "results"
_COMMON = "p50 / p95 / p99 ms | errors | 200 without a row | messages left in the queue"
_TO = "to bare insert | to recipe"


class Figures(Protocol):
    """What a table needs to know of one rival; see ingest.Measured."""

    rival: str
    worker: bool
    per_second: list[float]
    cpu: list[float]
    p50: float
    p95: float
    p99: float
    rows_missing: int
    messages: int

    @property
    def median(self) -> float: ...
    @property
    def errors(self) -> int: ...


def conditions(ground: Ground, *, small: bool) -> dict[str, Any]:
    """Return date, machine and versions. Raises BenchmarkError when the database is not durable."""
    shown = {name: _show(ground, name) for name in ("fsync", "synchronous_commit", "shared_buffers", "server_version")}
    if "off" in (shown["fsync"], shown["synchronous_commit"]):
        raise BenchmarkError("This PostgreSQL is not durable; set fsync and synchronous_commit to on.")
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "size": "small" if small else "full",
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "PostgreSQL": shown.pop("server_version"),
        **shown,
        **{name: version(name) for name in ("Django", "psycopg")},
    }


def serving(ground: Ground, *, middleware: bool) -> dict[str, Any]:
    """Return what else counts where the site and a worker run."""
    return {
        "middleware": "the demo project's" if middleware else "none",
        "Redis": str(dict(ground.broker.info("server"))["redis_version"]),
        "gunicorn options": " ".join(GUNICORN),
        **{name: version(name) for name in ("djangorestframework", "celery", "redis", "gunicorn")},
    }


def _show(ground: Ground, name: str) -> str:
    [[value]] = ground.database.execute(f"SHOW {name}").fetchall()
    return str(value)


def heading(title: str, found: dict[str, Any]) -> list[str]:
    """Return the first lines of a report: date and conditions."""
    told = ", ".join(f"{name} {value}" for name, value in found.items() if name != "date")
    return [f"# {title}, {found['date']}", "", f"{told}.", ""]


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return the lines of a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines] + [""]


def markdown(found: dict[str, Any], throughput: Sequence[Figures], steady: Sequence[Figures]) -> str:
    """Return the tables."""
    lines = [
        *heading("Ingest", found),
        f"| as fast as it answers | worker | events/s (middle half) | {_TO} | CPU ms per event | {_TO} | {_COMMON} |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(one, throughput) for one in throughput),
        "",
        f"| at 200 events/s | worker | events/s | {_COMMON} |",
        "|---|---|---|---|---|---|---|",
        *(f"| {one.rival} | {_worker(one)} | {one.median:,.0f} | {_last(one)} |" for one in steady),
    ]
    return "\n".join(lines) + "\n"


def _row(one: Figures, everyone: Sequence[Figures]) -> str:
    low, _, high = statistics.quantiles(one.per_second, n=4)
    speeds = " | ".join(_ratio(one.per_second, _find(everyone, to, one).per_second) for to in ("bare insert", "recipe"))
    costs = " | ".join(_ratio(one.cpu, _find(everyone, to, one).cpu) for to in ("bare insert", "recipe"))
    spread = f"{one.median:,.0f} ({low:,.0f} to {high:,.0f}) | {speeds} | {statistics.median(one.cpu):.2f} | {costs}"
    return f"| {one.rival} | {_worker(one)} | {spread} | {_last(one)} |"


def _find(everyone: Sequence[Figures], rival: str, like: Figures) -> Figures:
    [found] = [figures for figures in everyone if (figures.rival, figures.worker) == (rival, like.worker)]
    return found


def _ratio(mine: Sequence[float], theirs: Sequence[float]) -> str:
    """Compare round by round: both halves of a pair saw the same machine."""
    ratios = [one / other for one, other in zip(mine, theirs, strict=True) if other]
    return f"{statistics.median(ratios):.2f}" if ratios else "unknown"


def _headline(everyone: Sequence[Figures]) -> list[dict[str, Any]]:
    [ours] = [one for one in everyone if one.rival == "ours" and not one.worker]
    return [
        figure(
            f"events acknowledged, to the {rival}",
            float(_ratio(ours.per_second, _find(everyone, rival, ours).per_second)),
            "x",
            aim,
            **{"events/s": round(ours.median)},
        )
        for rival, aim in (("bare insert", 0.9), ("recipe", 2.5))
    ]


def _worker(one: Figures) -> str:
    return "one" if one.worker else "none"


def _last(one: Figures) -> str:
    times = f"{one.p50:.1f} / {one.p95:.1f} / {one.p99:.1f}"
    return f"{times} | {one.errors} | {one.rows_missing} | {one.messages:,}"


def figure(name: str, value: float, unit: str, aim: float | None, **beside: float) -> dict[str, Any]:
    """Return a figure for the picture, beside its aim and what was measured in the same run; see picture.py."""
    return {"figure": name, "value": round(value, 2), "unit": unit, "aim": aim, "beside": beside}


def save(found: dict[str, Any], throughput: Sequence[Any], steady: Sequence[Any], text: str) -> Path:
    """Write the tables and the figures; return the table's file."""
    figures = {
        "headline": _headline(throughput),
        "throughput": [asdict(one) for one in throughput],
        "steady": [asdict(one) for one in steady],
    }
    return write("ingest", found, figures, text)


def write(benchmark: str, found: dict[str, Any], figures: dict[str, Any], text: str) -> Path:
    """Write the tables and the figures of any benchmark; return the table's file."""
    RESULTS.mkdir(exist_ok=True)
    name = f"{benchmark}-{found['date'][:16].replace(':', '')}-{found['size']}"
    raw = json.dumps({"conditions": found} | figures, indent=1)
    (RESULTS / f"{name}.json").write_text(f"{raw}\n", encoding="utf-8")
    table = RESULTS / f"{name}.md"
    table.write_text(text, encoding="utf-8")
    return table
