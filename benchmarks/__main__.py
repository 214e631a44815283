"""Run every benchmark in turn: ``python -m benchmarks [small|full] [NAME …]``, which ``make bench`` calls."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys

from benchmarks import picture
from benchmarks.servers import ROOT

NAMES = ("ingest", "plan", "apply", "whole", "sandbox", "csv_files", "reading", "growth", "latency")


def main() -> int:
    """Run them; return 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("size", nargs="?", choices=["small", "full"], default="small")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(NAMES)}")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    # A small run is a look at the machine: it leaves no files.
    flags = ["--small", "--no-save"] if options.size == "small" else []
    failed = []
    for name in options.names or NAMES:
        if importlib.util.find_spec(f"benchmarks.{name}") is None:
            continue
        print(f"\n==> {name} ({options.size})", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *flags], cwd=ROOT, check=False).returncode:
            failed.append(name)
    if options.size == "full":
        print(f"\nDrawn: {picture.draw()}")
    if failed:
        print(f"\nFailed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
