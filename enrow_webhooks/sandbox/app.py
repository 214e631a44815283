"""The sandbox as a WSGI application, for any server and for Werkzeug's test client."""

import gzip
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from enrow_webhooks.sandbox import api, control
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.values import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_MEGABYTE = b" " * 2**20
# Into how many pieces a dripping body falls at most.
_DRIPS = 100


def create_app(sandbox: Sandbox) -> "WSGIApplication":
    """Return the WSGI application of one sandbox."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return _respond(sandbox, environ)(environ, start_response)

    return application


def _respond(sandbox: Sandbox, environ: "WSGIEnvironment") -> Response:
    request = Request(environ)
    # Read to its end even where it does not matter: an unread body would be taken for the next request of the
    # connection.
    raw = request.get_data(cache=False)
    if request.path.startswith(control.PREFIX):
        return _response(control.answer(sandbox, request.method, request.path, raw))
    key = request.headers.get("x-api-key")
    answer = api.answer(
        sandbox,
        api.Request(method=request.method, path=request.path, key=key, job_id=request.args.get("id", ""), raw=raw),
    )
    reply = answer.reply
    if reply.lost:
        sandbox.answered(answer.waiting)
        # A server takes this for a client that left, and closes the connection without an answer.
        raise ConnectionAbortedError("chaos: lost-answer")
    if reply.pause:
        sandbox.pause(reply.pause)
    response = _response(reply)
    if reply.padding:
        _pad(response, reply, takes_gzip=request.accept_encodings.quality("gzip") > 0)
    elif reply.drip:
        _drip(response, reply, sandbox)
    response.call_on_close(lambda: sandbox.answered(answer.waiting))
    return response


def _response(reply: Reply) -> Response:
    return Response(reply.body, status=reply.status, mimetype=reply.mimetype)


def _pad(response: Response, reply: Reply, *, takes_gzip: bool) -> None:
    """Put blanks behind the body: JSON all the same, and small on its way when it is compressed."""
    body, blanks = reply.body, _MEGABYTE
    if takes_gzip:
        # Several compressed pieces in a row are one compressed body.
        body, blanks = gzip.compress(body), gzip.compress(blanks)
        response.headers["Content-Encoding"] = "gzip"
    response.response = chain([body], repeat(blanks, reply.padding))
    response.content_length = len(body) + len(blanks) * reply.padding


def _drip(response: Response, reply: Reply, sandbox: Sandbox) -> None:
    """Let the body come a few bytes at a time, with a pause before each."""
    body = reply.body
    size = -(-len(body) // _DRIPS)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), size):
            sandbox.pause(reply.drip * size / len(body))
            yield body[start : start + size]

    response.response = pieces()
