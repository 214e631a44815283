"""The one view that Enrow calls: check the address, store the row and commit, wake a worker, answer exactly 200.

``REST_FRAMEWORK`` in the settings is about the host's own API. None of it reaches this view: it declares or overrides
all that REST framework would take from there, at import or on the way of a request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest
from django.views.decorators.debug import sensitive_variables
from rest_framework.exceptions import APIException, NotFound, ParseError
from rest_framework.exceptions import PermissionDenied as Forbidden
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from enrow_webhooks.client.errors import UnreadableEvent
from enrow_webhooks.client.scrub import log_failure
from enrow_webhooks.conf import enrow_settings
from enrow_webhooks.inbox import storing
from enrow_webhooks.inbox.addresses import recognise
from enrow_webhooks.inbox.rejections import Reason, counting
from enrow_webhooks.logs import ANSWERED
from enrow_webhooks.tasks import process_events
from enrow_webhooks.wake import wake

logger = logging.getLogger(__name__)

_REASONS = {
    400: Reason.UNREADABLE,
    404: Reason.STRANGER,
    413: Reason.TOO_LARGE,
    503: Reason.NOT_STORED,
}


class BodyTooLarge(APIException):
    """The body is over ``ENROW["MAX_BODY_BYTES"]``."""

    status_code = 413
    default_detail = "The body is larger than this site accepts."
    default_code = "too_large"


class NotStored(APIException):
    """The row could not be written; the sender must count the delivery as failed."""

    status_code = 503
    default_detail = "The event could not be stored; send it again."
    default_code = "not_stored"


class PlainJSON(JSONRenderer):
    """JSON of one form, whatever the host's API speaks."""

    compact = True
    ensure_ascii = False
    strict = True


class AlwaysJSON(BaseContentNegotiation):
    """Enrow's headers are documented nowhere: neither ``Accept`` nor ``?format=`` may cost an event a 406."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the one renderer."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


def refuse(error: Exception, context: Mapping[str, object]) -> Response:
    """Return the answer to an error: its own status, or 503; always ``{"detail": …}``, and never raised.

    What is raised would end on Django's debug page or in an error mail, with the secret and the body.
    """
    if isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, PermissionDenied):
        error = Forbidden()
    elif not isinstance(error, APIException):
        log_failure(logger, error, "A webhook event could not be stored:")
        error = NotStored()
    return Response({"detail": error.detail}, status=error.status_code)


class WebhookView(APIView):
    """Receive one event."""

    # The address is the proof: no session, no CSRF token, no throttle that could turn an event away.
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (PlainJSON,)
    parser_classes = ()
    http_method_names = ["post", "get", "head"]  # noqa: RUF012 - Django declares it so
    content_negotiation_class = AlwaysJSON
    versioning_class = None
    metadata_class = None
    schema = None

    @sensitive_variables()
    def post(self, request: Request, token: str) -> Response:
        """Answer 200 when the row is committed, 404 to strangers, 400 or 413 to what is no event.

        503 when it could not be stored: Enrow shall count the delivery as failed.
        """
        sender = recognise(token)
        if sender is None:
            raise NotFound
        body = read_body(django_request(request), enrow_settings.max_body_bytes)
        try:
            stored = storing.store(body, reference=sender.reference)
        except UnreadableEvent as error:
            raise ParseError(str(error)) from error
        if stored.needs_work:
            wake(process_events)
        return Response({"stored": True}, status=200)

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, object]], Response]:
        """Return our own; the host's EXCEPTION_HANDLER could answer 200 to what was not stored."""
        return refuse

    def perform_authentication(self, request: Request) -> None:
        """Ask for no user: REST framework would make the host's UNAUTHENTICATED_USER."""

    def get_format_suffix(self, **kwargs: object) -> None:
        """Take no part of the URL for a format, whatever the host's FORMAT_SUFFIX_KWARG says."""

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        """Count a refusal, and keep it out of Django's log, whose line quotes the path: that ends in the secret."""
        final = super().finalize_response(request, response, *args, **kwargs)
        if reason := _REASONS.get(final.status_code):
            counting.note(reason)
        django_request(request).META[ANSWERED] = True
        return final

    @sensitive_variables()
    def get(self, request: Request, token: str) -> Response:
        """Tell a person who opens the URL that it is the right one, and nothing else."""
        if recognise(token) is None:
            raise NotFound
        return Response({"detail": "This is a webhook address for Enrow; it takes POST."})


def django_request(request: Request) -> HttpRequest:
    """Return the request below DRF's, whose body is not parsed."""
    return request._request  # noqa: SLF001 - DRF documents it as the way to the HttpRequest


def read_body(request: HttpRequest, limit: int) -> bytes:
    """Return the raw body, whatever its content type says.

    Raises BodyTooLarge over the limit, ParseError when the body breaks off.
    """
    header = str(request.META.get("CONTENT_LENGTH") or "")
    # Python refuses to read thousands of digits; twenty are too large all the same.
    announced = int(header[:20]) if header.isdecimal() else 0
    if announced > limit:
        raise BodyTooLarge
    try:
        body = _read(request, announced, limit + 1)
    except Exception as error:
        # OSError by the book; but every server has exceptions of its own for a body that is broken.
        raise ParseError("The body broke off.") from error
    if len(body) > limit:
        raise BodyTooLarge
    if len(body) < announced:
        raise ParseError("The body broke off.")
    return body


def _read(request: HttpRequest, announced: int, size: int) -> bytes:
    if request.META.get("wsgi.input_terminated") and not request.META.get("CONTENT_LENGTH"):
        # Chunked: it has no length, so Django takes it for empty and leaves it unread.
        return bytes(request.META["wsgi.input"].read(size))
    body = request.read(size)
    # A middleware may have read from it before; what it read whole, Django kept.
    return body if len(body) >= announced else request.body


webhook_view = WebhookView.as_view()
# Outside ATOMIC_REQUESTS of whichever database the row goes to: it must be committed before 200, and survive an error
# that follows.
for alias in settings.DATABASES:
    webhook_view = transaction.non_atomic_requests(using=alias)(webhook_view)
