"""A server that answers one request per connection, does not say so, and closes a little later.

Django's runserver does so to a client that asks for ``Connection: close``. A client that sends a second request on the
connection that seemed to be kept loses it.
"""

from __future__ import annotations

import socketserver
import threading
from typing import Self

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
# Seconds for which a connection seems to be kept.
_LINGERS = 0.5


class _Handler(socketserver.StreamRequestHandler):
    server: Lingering

    def handle(self) -> None:
        length = 0
        while line := self.rfile.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.server.bodies.append(self.rfile.read(length))
        self.wfile.write(_ANSWER % (len(self.server.answer), self.server.answer))
        self.server.over.wait(_LINGERS)


class Lingering(socketserver.ThreadingTCPServer):
    """Answers the first request of each connection by 200 and these bytes."""

    daemon_threads = True

    def __init__(self, answer: bytes = b"{}") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.bodies: list[bytes] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()
