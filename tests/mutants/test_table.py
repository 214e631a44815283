"""The table of faults cannot rot, and its runner tells a fault that is noticed from one that is not."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from tests.mutants import __main__ as runner
from tests.mutants.fault import ROOT, Fault
from tests.mutants.table import FAULTS


def fault(**changes):
    usual = {"file": "a.py", "before": "1", "after": "2", "means": "a is two", "tests": ("test_a.py",)}
    return Fault(**usual | changes)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.file}: {fault.means}")
def test_each_fault_can_be_put_in_and_is_looked_for(fault):
    """Its text stands exactly once in the file, the wrong text is Python, and there is a test file to run."""
    right = (ROOT / fault.file).read_text(encoding="utf-8")
    assert right.count(fault.before) == 1
    assert fault.before != fault.after
    compile(right.replace(fault.before, fault.after), fault.file, "exec")
    assert fault.chosen
    assert [name for name in fault.chosen if not (ROOT / name).is_file()] == []


def test_no_fault_stands_twice():
    """Each is counted once."""
    times = Counter((fault.file, fault.before, fault.after) for fault in FAULTS)
    assert [key for key, number in times.items() if number > 1] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "verdict"),
    [
        ("from a import a\ndef test(): assert a == 1", "caught"),
        ("from a import a\ndef test(): assert a", "survived"),
        ("", "BROKEN (pytest ended with 5)"),
    ],
)
def test_the_runner_puts_the_fault_in_and_takes_it_out(tmp_path, test, verdict):
    """A failing test is a fault that was caught; a run without a test is neither."""
    (tmp_path / "a.py").write_text("a = 1")
    (tmp_path / "test_a.py").write_text(test)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:django\npythonpath = .")
    assert runner.judge(fault(), tmp_path).startswith(verdict)
    assert (tmp_path / "a.py").read_text() == "a = 1"


@pytest.mark.parametrize(
    ("verdict", "reason", "code"),
    [("caught", "", 0), ("survived", "", 1), ("survived", "It is slower only.", 0), ("caught", "Out of date.", 1)],
)
def test_a_survivor_needs_a_reason_and_a_reason_a_survivor(capsys, verdict, reason, code):
    """Exit code 1 and the fault by name; a table that excuses what is noticed is wrong, too."""
    assert runner.tell([fault(reason=reason)], [verdict]) == code
    assert ("a.py: a is two" in capsys.readouterr().out) is bool(code)


def test_the_runner_explains_itself():
    """``python -m tests.mutants --help`` works in a fresh shell."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "--workers" in done.stdout) == (0, True)
