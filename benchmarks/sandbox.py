"""How fast the sandbox is alone: bulk searches in, results out, and its memory; it must not be what a run waits for.

``python -m benchmarks.sandbox``; ``--small`` for a laptop. Needs no database. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import http.client
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from typing import Any

from benchmarks import report
from benchmarks.ingest import free_port
from benchmarks.people import names_of
from benchmarks.processes import cpu_seconds, memory
from benchmarks.servers import ROOT, answers, wait_until

SMALL, FULL = 50_000, 1_000_000
BATCH = 5000
_HEADERS = {"x-api-key": "benchmark", "Content-Type": "application/json"}


def batch(start: int) -> bytes:
    """Return the body of a POST of so many people as we send it."""
    searches = [
        {"fullname": " ".join(names_of(number)), "company_domain": f"firm{number // 25}.com", "custom": f"crm-{number}"}
        for number in range(start, start + BATCH)
    ]
    return json.dumps({"searches": searches}).encode()


def measure(leads: int) -> dict[str, Any]:
    """Send all batches, then fetch all results; return rows/s, processor time per row and memory."""
    port = free_port()
    command = [sys.executable, "manage.py", "enrow_sandbox", "--port", str(port), "--delay", "0", "--credits", "1e9"]
    environment = os.environ | {"DJANGO_DEBUG": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until("The sandbox", lambda: answers(port, "/_sandbox/deliveries"))
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                _ask(connection, "POST", "/_sandbox/settings", b'{"rate": 0}')
                return _measure(connection, process.pid, leads)
        finally:
            process.terminate()


def _measure(connection: http.client.HTTPConnection, pid: int, leads: int) -> dict[str, Any]:
    bodies = (batch(start) for start in range(0, leads, BATCH))
    empty, started = memory(pid), cpu_seconds(pid)
    waited, ids = 0.0, []
    for body in bodies:
        before = time.perf_counter()
        ids.append(json.loads(_ask(connection, "POST", "/email/find/bulk", body))["id"])
        waited += time.perf_counter() - before
    posted, between = waited, cpu_seconds(pid)
    before = time.perf_counter()
    size = sum(len(_ask(connection, "GET", f"/email/find/bulk?id={one}")) for one in ids)
    fetched, ended, peak = time.perf_counter() - before, cpu_seconds(pid), memory(pid)
    return {
        "leads": leads,
        "POST rows/s": leads / posted,
        "GET rows/s": leads / fetched,
        "POST us": 1e6 * (between - started) / leads,
        "GET us": 1e6 * (ended - between) / leads,
        "bytes of an answer": size / leads,
        "peak MB": peak / 1e6,
        "bytes kept per lead": (peak - empty) / leads,
    }


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> bytes:
    connection.request(method, path, body, _HEADERS)
    return connection.getresponse().read()


def markdown(found: dict[str, Any], one: dict[str, Any]) -> str:
    """Return the table."""
    posted = f"{one['POST rows/s']:,.0f} ({one['POST us']:.1f})"
    fetched = f"{one['GET rows/s']:,.0f} ({one['GET us']:.1f})"
    lines = [
        *report.heading("The sandbox alone", found),
        "| leads | POST rows/s (µs of processor per row) | GET rows/s (µs) | peak MB | bytes kept per lead |",
        "|---|---|---|---|---|",
        f"| {one['leads']:,} | {posted} | {fetched} | {one['peak MB']:.0f} | {one['bytes kept per lead']:.0f} |",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help="some seconds")
    parser.add_argument("--no-save", action="store_true", help="write nothing into benchmarks/results/")
    options = parser.parse_args()
    found: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "size": "small" if options.small else "full",
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2),
        "Python": platform.python_version(),
        "Werkzeug": version("Werkzeug"),
    }
    one = measure(SMALL if options.small else FULL)
    text = markdown(found, one)
    print(f"\n{text}")
    if not options.no_save:
        headline = [report.figure("sandbox, memory with all searches", one["peak MB"], "MB", 250, leads=one["leads"])]
        print(f"Written to {report.write('sandbox', found, {'headline': headline, 'measured': one}, text)}")


if __name__ == "__main__":
    main()
