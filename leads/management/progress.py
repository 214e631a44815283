"""How far something is, for a person who waits: a bar on a terminal, else a plain line every few seconds."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

# Seconds between two plain lines.
_PAUSE = 5.0


class ProgressBar:
    """Shows progress on stderr, so that stdout stays a program's."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._bar: Progress | None = None
        self._last = time.monotonic()
        if out.isatty():
            columns = (BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, sentence: str) -> None:
        """Write a sentence that stays, above the bar."""
        if self._bar:
            self._bar.console.print(sentence, markup=False, highlight=False)
        else:
            self._out.write(sentence)

    def show(self, line: str, *, done: float = 0, total: float | None = None) -> None:
        """Show where the work stands; ``total`` None means that nobody knows."""
        if self._bar:
            self._bar.update(self._task, description=line, completed=done, total=total)
        elif time.monotonic() - self._last >= _PAUSE:
            self._last = time.monotonic()
            self._out.write(line)
