"""Put each fault into a copy of the project, run its tests, and tell per module how many faults were noticed.

    python -m tests.mutants                     all of them
    python -m tests.mutants leads/results       those of some files
    python -m tests.mutants --workers 1 "lock"  those whose meaning has a word

Exit code 1: a fault that no test notices has no written reason, or one has a reason and is noticed. Nothing of the
working copy is touched. Faults that show on PostgreSQL alone need TEST_DATABASE_URL, and are skipped without an answer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests import services
from tests.mutants.fault import ROOT, Fault
from tests.mutants.table import FAULTS

# A fault may make a loop endless: that is noticed, too.
_SECONDS = 180
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".nox", "var", "dist", ".*_cache", ".hypothesis")
_PYTEST = ["-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
# pytest: all passed; some failed. Anything else is no answer, but an accident of the run.
_PASSED, _FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, tell the result, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Do the tests notice small faults?")
    parser.add_argument("words", nargs="*", help="only faults with one of these in their file or meaning")
    parser.add_argument("--workers", type=int, default=2, help="how many run at the same time (default 2)")
    options = parser.parse_args(arguments)
    chosen = [fault for fault in FAULTS if _fits(fault, options.words)]
    if not services.postgres_answers():
        print(f"{sum(fault.postgres for fault in chosen)} faults are skipped: {services.HELP['postgres']}")
        chosen = [fault for fault in chosen if not fault.postgres]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        verdicts = run(chosen, copies(Path(folder), options.workers))
    return tell(chosen, verdicts)


def _fits(fault: Fault, words: Sequence[str]) -> bool:
    return not words or any(word in fault.file or word in fault.means for word in words)


def copies(folder: Path, number: int) -> SimpleQueue[Path]:
    """Copy the project so many times; the worker that takes a copy gives it back."""
    free: SimpleQueue[Path] = SimpleQueue()
    for name in map(str, range(number)):
        free.put(Path(shutil.copytree(ROOT, folder / name, ignore=_LEFT_OUT)))
        (folder / name / "var").mkdir()
    return free


def run(faults: Sequence[Fault], free: SimpleQueue[Path]) -> list[str]:
    """Return for each fault "caught", "survived", or what went wrong; each is told as soon as it is known."""

    def take(fault: Fault) -> str:
        copy = free.get()
        try:
            verdict = judge(fault, copy)
        finally:
            free.put(copy)
        print(f"{verdict:9} {fault.file}: {fault.means}", flush=True)
        return verdict

    with ThreadPoolExecutor(max_workers=free.qsize()) as pool:
        return list(pool.map(take, faults))


def judge(fault: Fault, copy: Path) -> str:
    """Put the fault into a copy, run its tests there, and take it out again."""
    path = copy / fault.file
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace(fault.before, fault.after), encoding="utf-8")
    try:
        code, output = _pytest(fault, copy)
    finally:
        path.write_text(right, encoding="utf-8")
    if code == _PASSED:
        return "survived"
    return "caught" if code == _FAILED else f"BROKEN (pytest ended with {code})\n{output[-2000:]}\n"


def _pytest(fault: Fault, copy: Path) -> tuple[int, str]:
    # No bytecode: two faults of one size within a second would be taken for one.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("DATABASE_URL", None)
    if fault.postgres:
        environment["DATABASE_URL"] = services.POSTGRES_URL
    command = [sys.executable, *_PYTEST, *fault.chosen]
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, timeout=_SECONDS, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return _FAILED, ""
    return done.returncode, done.stdout + done.stderr


def tell(faults: Sequence[Fault], verdicts: Sequence[str]) -> int:
    """Print the counts per file and what has to be done; return the exit code."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wrong = []
    for fault, verdict in zip(faults, verdicts, strict=True):
        counts[fault.file][verdict] += 1
        if verdict != ("survived" if fault.reason else "caught"):
            wrong.append(f"{verdict}: {fault.file}: {fault.means}")
    print()
    for file, count in sorted(counts.items()):
        print(f"{count['caught']:4} of {count.total():3} caught  {file}")
    print(f"{sum(verdict == 'caught' for verdict in verdicts):4} of {len(verdicts):3} caught")
    if wrong:
        print(
            "\nEach of these needs a test, or a reason in its table (or its reason is out of date):", *wrong, sep="\n"
        )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
