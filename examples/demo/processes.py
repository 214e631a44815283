"""Start programs as a user would, wait until each of them answers, and leave none of them behind."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

# Seconds. Starting Python, Django and Celery on a busy machine; ending work that is under way.
START_TIMEOUT = 60.0
STOP_TIMEOUT = 8.0


class DemoError(Exception):
    """Something did not start, or did not do its work; the text says what."""


def free_ports(count: int) -> list[int]:
    """Return so many different ports of this machine on which nobody listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def is_free(port: int) -> bool:
    """Tell whether nobody listens on the port."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def answers(port: int, path: str) -> bool:
    """Tell whether a GET is answered by 200. Speaks to this machine only, so no proxy is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass(slots=True)
class Program:
    """One program that runs beside this one, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self, words: str) -> bool:
        """Tell whether the words stand in the program's log."""
        return words in self.log.read_text(encoding="utf-8", errors="replace")

    def has_ended(self) -> bool:
        """Tell whether the program has ended."""
        return self.process.poll() is not None

    def end(self, deadline: float) -> None:
        """Wait until the program has ended, at most until the deadline; then kill it and all that it started."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        # Also when it ended by itself: its group may still hold a child.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(slots=True, kw_only=True)
class Programs:
    """Everything that was started. Use it in a ``with`` statement: at its end nothing runs any more."""

    # Where the programs start, where their logs go, and what is added to this process's environment.
    cwd: Path
    logs: Path
    environment: Mapping[str, str]
    running: list[Program] = field(default_factory=list)
    interrupted: bool = False

    def start(self, name: str, command: Sequence[str]) -> Program:
        """Start a program that stays up; ``wait_for`` tells when it does its work."""
        return self._spawn(name, command)

    def wait_for(self, program: Program, is_ready: Callable[[], bool]) -> None:
        """Wait until a program is ready. Raises DemoError when it ends before, or takes too long."""

        def is_settled() -> bool:
            return program.has_ended() or is_ready()

        if not self._wait(is_settled, START_TIMEOUT):
            raise DemoError(f"The {program.name} was not ready within {START_TIMEOUT:.0f} seconds.")
        if program.has_ended():
            raise DemoError(f"The {program.name} ended before it was ready, exit code {program.process.returncode}.")

    def run(self, name: str, command: Sequence[str], *, show: bool = False, timeout: float = 120.0) -> None:
        """Run a program to its end, its output in its log or shown. Raises DemoError when it fails."""
        program = self._spawn(name, command, show=show)
        if not self._wait(program.has_ended, timeout):
            raise DemoError(f"{name} did not end within {timeout:.0f} seconds.")
        self.running.remove(program)
        if program.process.returncode:
            raise DemoError(f"{name} ended with exit code {program.process.returncode}.")

    def watch(self) -> None:
        """Wait until interrupted. Raises DemoError when one of the programs ends by itself."""
        self._wait(lambda: any(program.has_ended() for program in self.running), float("inf"))
        raise DemoError(f"The {next(program.name for program in self.running if program.has_ended())} ended by itself.")

    def interrupt(self, *signal_and_frame: object) -> None:
        """Handle a signal: the wait that is under way, or the next one, raises KeyboardInterrupt.

        Raising here could hit the moment between the birth of a program and its entry in the list.
        """
        self.interrupted = True

    def stop(self) -> None:
        """Ask every program to end, the last one first; kill what does not within some seconds."""
        for program in reversed(self.running):
            program.process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT
        while self.running:
            self.running.pop().end(deadline)

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self, done: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if self.interrupted:
                raise KeyboardInterrupt
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _spawn(self, name: str, command: Sequence[str], *, show: bool = False) -> Program:
        log = self.logs / f"{name.replace(' ', '-')}.log"
        with log.open("ab") as stream:
            output: IO[bytes] | None = None if show else stream
            process = subprocess.Popen(
                command,
                cwd=self.cwd,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if show else subprocess.STDOUT,
                # Ctrl-C in the terminal reaches this process only, which then ends the others in order.
                start_new_session=True,
            )
        self.running.append(Program(name, process, log))
        return self.running[-1]


def tails(folder: Path, *, lines: int = 15) -> str:
    """Return the last lines of every log in a folder."""
    parts = []
    for log in sorted(folder.glob("*.log")):
        text = log.read_text(encoding="utf-8", errors="replace").splitlines()
        parts.append("\n".join([f"--- {log.name}", *text[-lines:]]))
    return "\n".join(parts)
