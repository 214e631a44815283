"""The sandbox as a WSGI application, for any server and for Werkzeug's test client."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from enrow_webhooks.sandbox import api, control
from enrow_webhooks.sandbox.core import Sandbox
from enrow_webhooks.sandbox.values import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


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
    if answer.reply.lost:
        sandbox.answered(answer.waiting)
        # A server takes this for a client that left, and closes the connection without an answer.
        raise ConnectionAbortedError("chaos: lost-answer")
    response = _response(answer.reply)
    response.call_on_close(lambda: sandbox.answered(answer.waiting))
    return response


def _response(reply: Reply) -> Response:
    return Response(reply.body, status=reply.status, mimetype=reply.mimetype)
