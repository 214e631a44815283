"""A search that was sent later than any other, and written."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils import timezone

from leads.models import Lead, LeadSearch, SearchJob


def written_later(crm_id, kind="find_email"):
    """Leave what a newer search for the same person leaves, without a hit: its rows, and the date on the lead."""
    sent = timezone.now() + dt.timedelta(seconds=1)
    job = SearchJob.objects.create(run=uuid.uuid4(), kind=kind, state="finished", sent_at=sent, enrow_id=uuid.uuid4())
    person = LeadSearch.objects.filter(crm_id=crm_id, kind=kind).latest("pk").fingerprint
    LeadSearch.objects.create(
        job=job,
        model="leads.lead",
        crm_id=crm_id,
        kind=kind,
        fingerprint=person,
        outcome="not_found",
        effect="written",
        position=0,
    )
    field = "phone_checked_at" if kind == "find_phone" else "email_checked_at"
    Lead.objects.filter(crm_id=crm_id).update(**{field: sent})
