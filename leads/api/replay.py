"""``Idempotency-Key``: the same request with the same key is done once, and always gets the first answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leads import idempotency, sql
from leads.api.base import EnrowView
from leads.api.wire import NotFinished, Unprocessable
from leads.idempotency import Answer

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def answered_once(view: EnrowView, request: Request, work: Callable[[], Answer]) -> Response:
    """Do ``work`` in a transaction, once for each key; return its answer, or the first one.

    Raises ValidationError for what is no key, Conflict while the first request is under way, Unprocessable for another
    request with the key. A request that fails leaves no key.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return _response(sql.transact(work))
    if not _KEY.fullmatch(key):
        raise ValidationError({HEADER: ["A key has 1 to 255 characters of ASCII, without spaces."]})
    path = request.get_full_path()
    digest = idempotency.digest(str(request.method), path, view.raw_body)
    try:
        answer, is_repeat = idempotency.once(str(request.user.pk), key, digest, work)
    except idempotency.AnotherRequest:
        raise Unprocessable from None
    except idempotency.UnderWay:
        raise NotFinished from None
    response = _response(answer)
    if is_repeat:
        response.headers[REPLAYED] = "true"
    return response


def _response(answer: Answer) -> Response:
    return Response(answer["body"], status=answer["status"], headers=answer["headers"])
