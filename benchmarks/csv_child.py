"""Read or write one CSV file in this process, and print what it took as JSON; see csv_files.py."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 - Django has to be set up first

from benchmarks.processes import cpu_seconds  # noqa: E402 - Django has to be set up first
from benchmarks.rivals.resources import load  # noqa: E402 - Django has to be set up first
from enrow_webhooks.gc_tuning import calm  # noqa: E402 - Django has to be set up first
from leads.csvfiles.exporting import export_leads  # noqa: E402 - Django has to be set up first
from leads.csvfiles.importing import import_leads  # noqa: E402 - Django has to be set up first


def main(what: str, path: Path) -> None:
    """Do it, and print rows, seconds and peak memory."""
    who, _, action = what.partition(" ")
    calm()  # as import_leads is; the rival gains by it, too
    started, cpu = time.perf_counter(), time.process_time()
    if action == "export":
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            rows = export_leads(out).total
    elif who == "import-export":
        rows = load(path, look_up=action != "insert")
    else:
        with path.open("rb") as file:
            done = import_leads(file, update=action != "insert")
        rows = done.created + done.updated + done.kept
    seconds, spent = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    # The connection was opened for this: all that its process has used counts.
    database = cpu_seconds(connection.connection.info.backend_pid)
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu": spent, "database": database, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
