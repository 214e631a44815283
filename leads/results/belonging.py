"""Whether a result still belongs to its lead: the lead's inputs must be those that were searched.

The database compares digests of the inputs, row by row, as it writes. Leads whose digest differs are compared here by
what would be sent for them now, so that a trimmed space costs nobody a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from enrow_webhooks.client.values import Kind
from leads import sql
from leads.digests import digest
from leads.eligibility import judge, value_before
from leads.kinds import KINDS, Candidate
from leads.models import get_lead_model
from leads.skips import Skip


class Row(Protocol):
    """A search with what was known of its lead when it was planned."""

    @property
    def crm_id(self) -> str:
        """The lead."""

    @property
    def fingerprint(self) -> UUID | None:
        """The person who was searched; None: nothing is known."""

    @property
    def inputs(self) -> UUID | None:
        """Digest of the lead's inputs; None: nothing to compare."""

    @property
    def value_before(self) -> str:
        """What the lead had in the field that the search is about."""


R = TypeVar("R", bound=Row)


def split(kind: Kind, rows: Sequence[R], *, lock: bool) -> tuple[list[R], list[R]]:
    """Return the rows that may still be written to their leads as these are now, and those whose leads changed.

    A row without a lead, and one whose lead got another value, is in neither list. One query; ``lock`` keeps the leads
    as they are until the transaction of the caller ends.
    """
    leads = get_lead_model()._base_manager.using(sql.alias()).filter(crm_id__in={row.crm_id for row in rows})
    if lock:
        leads = leads.select_for_update()
    found = leads.order_by("crm_id").values_list(*Candidate._fields)
    by_crm_id = {lead.crm_id: lead for lead in map(Candidate._make, found)}
    may: list[R] = []
    changed: list[R] = []
    for row in rows:
        lead = by_crm_id.get(row.crm_id)
        if lead and not _fits(kind, row, lead):
            changed.append(row)
        elif lead and (KINDS[kind].judges or value_before(kind, lead) in {"", row.value_before}):
            may.append(row)
    return may, changed


def _fits(kind: Kind, row: Row, lead: Candidate) -> bool:
    if KINDS[kind].judges:
        is_same = value_before(kind, lead) == row.value_before
    else:
        is_same = row.inputs is None or row.inputs.hex == digest(lead)
    if is_same or row.fingerprint is None:
        return is_same
    verdict = judge(kind, lead, overwrite=True)
    return not isinstance(verdict, Skip) and verdict.fingerprint == row.fingerprint
