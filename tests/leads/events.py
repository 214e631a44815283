"""Events as Enrow sends them, and a secret that proves them."""

from __future__ import annotations

from tests.conftest import payload

SECRET = "a-shared-secret-of-some-length"


def single(enrow_id, **result):
    body = payload("webhooks/single_search_finished")
    return body | {"id": enrow_id, "result": body["result"] | result}
