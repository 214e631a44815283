"""The sandbox as an HTTP server on this machine, in a thread for tests or in the foreground for a command."""

import contextlib
import os
import socket
import threading
from types import TracebackType
from typing import Self, Unpack, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from enrow_webhooks.sandbox.app import create_app
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.settings import Changes


class PortInUseError(OSError):
    """Somebody else listens on the port already."""


class SandboxServer:
    """A fake api.enrow.io at ``url``.

    Listens from the start; answers inside a ``with`` statement or in ``serve_forever``.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, sandbox: Sandbox | None = None, **settings: Unpack[Changes]
    ) -> None:
        """Listen on a port, 0 for any free one.

        Raises PortInUseError, and ValueError for a setting that does not exist.
        """
        self.sandbox = sandbox or Sandbox(**settings)
        listener = _listen(host, port)
        self.host = host
        self.port: int = listener.getsockname()[1]
        with listener:
            self._server = _Server(self.sandbox, listener)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> threading.Thread:
        """ApiAnswer requests from a thread, and return it."""
        serve = self._server.serve_forever
        self._thread = thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.05}, name="sandbox-server")
        thread.start()
        return thread

    def serve_forever(self) -> None:
        """ApiAnswer requests until KeyboardInterrupt or ``stop`` from another thread, then clean up."""
        thread = self.start()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                while thread.is_alive():
                    thread.join(0.5)
        finally:
            self.stop()

    def stop(self) -> None:
        """Close every connection and end every thread."""
        thread, self._thread = self._thread, None
        self.sandbox.end_pauses()
        if thread is not None:
            self._server.shutdown()
            thread.join()
        self._server.server_close()
        self.sandbox.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Handler(WSGIRequestHandler):
    """Keeps connections open, as the real service does, and writes no log."""

    protocol_version = "HTTP/1.1"
    # Head and body leave in two packets; Nagle's algorithm would hold the second back for 40 ms.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """ApiAnswer one request without closing the connection.

        Werkzeug's own way closes it, because it trusts no application to read a body to its end; ours does.
        """
        try:
            response = Response.from_app(self.server.app, self.make_environ())
            with response:
                self._write(response)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay silent; the control plane tells what was asked."""

    def _write(self, response: Response) -> None:
        self.send_response(response.status_code, response.status.partition(" ")[2])
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        # Piece by piece, because some answers take their time.
        for piece in response.iter_encoded():
            self.wfile.write(piece)


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that the threads that wait on them can be ended."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, sandbox: Sandbox, listener: socket.socket) -> None:
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        host, port = listener.getsockname()[:2]
        # Werkzeug duplicates the descriptor; binding by itself it would end the process when the port is taken.
        super().__init__(host, port, create_app(sandbox), _Handler, fd=listener.fileno())

    def get_request(self) -> tuple[socket.socket, str]:
        """Note each new connection."""
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def close_request(self, request: "socket.socket | tuple[bytes, socket.socket]") -> None:
        """Forget the connection when its thread ends."""
        with self._lock:
            self._connections.discard(cast("socket.socket", request))
        super().close_request(request)

    def server_close(self) -> None:
        """Close every open connection under the feet of its thread, then wait for the threads."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=128)
    except OSError as error:
        sentence = f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}. Choose another with --port."
        raise PortInUseError(sentence) from error
