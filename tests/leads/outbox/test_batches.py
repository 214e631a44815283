"""What planning hands to enqueueing: its size, and nothing of a person in print."""

from __future__ import annotations

import uuid

from enrow_webhooks.client.values import Kind
from leads.outbox.batches import Batch, Wanted


def wanted(crm_id):
    return Wanted(crm_id, uuid.uuid4(), "ann@firm.com", "")


def test_a_batch_is_as_long_as_it_has_leads():
    """Those that are bought, that share and that use again what is known: all of them become searches."""
    bought = wanted("1")
    batch = Batch(kind=Kind.FIND_EMAIL, model="leads.lead", purchases={bought.fingerprint: bought})
    batch.shares += [wanted("2"), wanted("3")]
    batch.reuses.append(wanted("4"))
    assert len(batch) == 4
    assert not Batch(kind=Kind.FIND_EMAIL, model="leads.lead")


def test_a_wanted_row_prints_no_person():
    """Neither the CRM id nor the value before."""
    row = wanted("crm-1")
    assert repr(row) == f"<Wanted {row.fingerprint}>"
