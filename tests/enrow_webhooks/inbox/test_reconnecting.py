"""A statement that finds its kept connection dead is run once more, outside a transaction."""

from __future__ import annotations

import contextlib
import json

import pytest
from django.db import Error as DatabaseTrouble
from django.db import connection, transaction

from enrow_webhooks.inbox import storing
from enrow_webhooks.models import WebhookEvent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.postgres
def test_an_event_survives_the_death_of_its_connection():
    """The insert runs once more on a new connection; the row is there once."""
    connection.ensure_connection()
    body = json.dumps({"event": "e", "id": "1"}).encode()
    for _ in range(2):
        kill_own_backend()
        storing.store(body, reference="")
    assert WebhookEvent.objects.get().deliveries == 2


@pytest.mark.postgres
def test_a_dead_connection_inside_a_transaction_is_an_error():
    """What the transaction wrote before is lost, so nothing is repeated behind its back."""

    @transaction.atomic
    def store_late() -> None:
        kill_own_backend()
        storing.store(b'{"event": "e", "id": "1"}', reference="")

    with pytest.raises(DatabaseTrouble):
        store_late()
    connection.close()
    assert not WebhookEvent.objects.exists()


def kill_own_backend() -> None:
    """End this test's connection from another one."""
    pid = connection.connection.info.backend_pid
    other = connection.copy()
    with contextlib.closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
