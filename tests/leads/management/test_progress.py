"""How far something is: plain lines now and then, a bar on a terminal."""

from __future__ import annotations

import io

import pytest
from django.core.management.base import OutputWrapper

from leads.management import progress
from leads.management.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_file_gets_a_line_only_after_a_pause(monkeypatch):
    """A log is not flooded, however often the work says where it is."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    out = io.StringIO()
    with ProgressBar(OutputWrapper(out)) as bar:
        for second in (1, 4.9, 5, 6, 10):
            now[0] = 100 + second
            bar.show(f"at {second}", done=second)
    assert out.getvalue().splitlines() == ["at 5", "at 10"]


def test_a_sentence_is_written_at_once():
    """What a person must read does not wait for the pause."""
    out = io.StringIO()
    with ProgressBar(OutputWrapper(out)) as bar:
        bar.say("No worker seems to run.")
    assert out.getvalue() == "No worker seems to run.\n"


@pytest.mark.parametrize("total", [None, 10])
def test_a_terminal_gets_a_bar_on_stderr(capsys, total):
    """Stdout stays a program's; text in brackets is text, not markup."""
    out = Terminal()
    with ProgressBar(OutputWrapper(out)) as bar:
        bar.show("half [bold]way", done=5, total=total)
        bar.say("A sentence [red]with brackets.")
    assert out.getvalue() == ""
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "A sentence [red]with brackets." in printed.err
