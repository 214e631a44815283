"""What processes use: processor time and memory, read from ``/proc`` (Linux) while they run."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Seconds between two looks. What a process uses between its last look and its end is not seen.
_PAUSE = 0.25


@dataclass(slots=True, kw_only=True)
class Use:
    """What the processes of one role used."""

    # Seconds of processor time, in user space and in the kernel.
    cpu: float = 0.0
    # Bytes: the most that any one process of the role held at once.
    peak: int = 0
    processes: int = 0

    @property
    def megabytes(self) -> float:
        """The peak in MB of a million bytes."""
        return self.peak / 1e6


@dataclass(slots=True)
class _Seen:
    role: str
    first: float
    cpu: float
    peak: int = 0


@dataclass(slots=True)
class Meter:
    """Looks at the processes of several roles again and again; a role is a function that names its process ids."""

    roles: dict[str, Callable[[], Iterable[int]]]
    # Roles whose processes map big shared memory: only what is their own counts.
    own_memory: frozenset[str] = frozenset()
    _seen: dict[int, _Seen] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Look until the block ends. What was used before it does not count."""
        self._look(begin=True)
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self._look()

    def uses(self) -> dict[str, Use]:
        """Return what each role used since the start."""
        totals = {role: Use() for role in self.roles}
        for one in self._seen.values():
            total = totals[one.role]
            total.cpu += one.cpu - one.first
            total.peak = max(total.peak, one.peak)
            total.processes += 1
        return totals

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE):
            self._look()

    def _look(self, *, begin: bool = False) -> None:
        for role, pids in self.roles.items():
            for pid in pids():
                cpu = cpu_seconds(pid)
                seen = self._seen.setdefault(pid, _Seen(role, cpu if begin else 0.0, cpu))
                seen.cpu = max(seen.cpu, cpu)
                seen.peak = max(seen.peak, memory(pid, own=role in self.own_memory))


def tree(pid: int) -> list[int]:
    """Return a process and everything that it started and that still runs."""
    return [pid, *(deeper for child in children(pid) for deeper in tree(child))]


def children(pid: int) -> list[int]:
    """Return the processes that a process started and that still run."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text(encoding="ascii").split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    # utime and stime, the 14th and 15th field of the whole line.
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, *, own: bool = False) -> int:
    """Return the bytes that a process held at most; with ``own`` what it holds now that is no shared memory."""
    name = "RssAnon:" if own else "VmHWM:"
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0
