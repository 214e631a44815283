"""A small load generator: one process, its connections on one selector, nothing but sockets, so that it costs little.

``python -m benchmarks.load '{"port": 8000, "path": "/x/", "connections": 8, "seconds": 5}'`` prints what came of it.
Speaks to this machine only.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
import uuid
from collections import deque
from dataclasses import asdict, dataclass, field

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
# Enrow's documented event of a single search, with an id of its own each time.
_BODY = (
    '{"event": "single_search_finished", "id": "%s", "credits": {"cost": 1}, "result": {"email":'
    ' "dwight.schrute@dundermifflin.com", "qualification": "valid", "custom": {"crm_id": "lead-12345"}, "info":'
    ' {"company_domain": "dundermifflin.com", "fullname": "Dwight Schrute", "firstname": "Dwight",'
    ' "lastname": "Schrute"}}}'
)
# Seconds after the end in which answers may still come.
_GRACE = 10.0


@dataclass(slots=True, kw_only=True)
class Plan:
    """What one process shall do."""

    port: int
    path: str
    connections: int
    seconds: float
    # Events per second at fixed times, whatever the answers do; 0: as fast as the answers come.
    rate: float = 0.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it."""

    seconds: float = 0.0
    # Seconds from the moment an event was due to the end of its answer.
    latencies: list[float] = field(default_factory=list)
    # HTTP status, or what broke, to how often.
    statuses: dict[str, int] = field(default_factory=dict)

    def count(self, status: str, times: int = 1) -> None:
        """Count an answer, or what came instead of one."""
        self.statuses[status] = self.statuses.get(status, 0) + times


class Line:
    """One connection that is kept open; a broken one is counted and opened again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.due = 0.0
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.buffer = b""
        self.socket.sendall(request)

    def receive(self) -> str:
        """Take what came; return the status of a whole answer, '' while it is not whole. Raises OSError."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionResetError
        self.buffer += part
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if end else None
        if not length or len(body) < int(length[1]):
            return ""
        return head[9:12].decode()


class Generator:
    """Sends one event per connection at a time, and counts."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.outcome = Outcome()
        self._selector = selectors.DefaultSelector()
        self._free: deque[Line] = deque()
        self._prefix = uuid.uuid4().hex
        self._count = 0
        head = f"POST {plan.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        self._head = head.encode()

    def run(self) -> Outcome:
        """Do it all; return what came of it."""
        lines = [Line(self.plan.port) for _ in range(self.plan.connections)]
        for line in lines:
            self._watch(line)
        self._free.extend(lines)
        started = time.perf_counter()
        self._loop(started, len(lines))
        self.outcome.seconds = time.perf_counter() - started
        return self.outcome

    def _watch(self, line: Line) -> None:
        self._selector.register(line.socket, selectors.EVENT_READ, line)

    def _loop(self, started: float, connections: int) -> None:
        end = started + self.plan.seconds
        while (now := time.perf_counter()) < end + _GRACE:
            self._send_due(now, started, end)
            if now >= end and len(self._free) == connections:
                return
            for key, _ in self._selector.select(self._patience(now, started, end)):
                self._take(key.data)
        self.outcome.count("no answer", connections - len(self._free))

    def _next_due(self, now: float, started: float) -> float:
        return started + self._count / self.plan.rate if self.plan.rate else now

    def _patience(self, now: float, started: float, end: float) -> float:
        due = self._next_due(now, started)
        waits = self.plan.rate and self._free and due < end
        return max(0.0, due - now) if waits else 0.2 if now >= end else min(0.2, end - now)

    def _send_due(self, now: float, started: float, end: float) -> None:
        # Open loop: an event that had to wait for a free connection is late by its own due time, not by ours.
        while self._free and (due := self._next_due(now, started)) <= now and due < end:
            line = self._free.popleft()
            try:
                line.send(self._request(), due)
            except OSError:
                self._broken(line)

    def _request(self) -> bytes:
        self._count += 1
        body = (_BODY % f"{self._prefix}-{self._count}").encode()
        return b"%s%d\r\n\r\n%s" % (self._head, len(body), body)

    def _take(self, line: Line) -> None:
        try:
            status = line.receive()
        except OSError:
            self._broken(line)
            return
        if status:
            self.outcome.latencies.append(time.perf_counter() - line.due)
            self.outcome.count(status)
            self._free.append(line)

    def _broken(self, line: Line) -> None:
        if line not in self._free:
            self.outcome.count("broken connection")
            self._free.append(line)
        self._selector.unregister(line.socket)
        line.socket.close()
        line.open()
        self._watch(line)


def main(plan: str) -> None:
    """Run one plan, given as JSON, and print the outcome as JSON."""
    print(json.dumps(asdict(Generator(Plan(**json.loads(plan))).run())))


if __name__ == "__main__":
    main(sys.argv[1])
