"""The tasks of the recipes."""

from __future__ import annotations

import requests
from celery import shared_task
from django.conf import settings

from benchmarks.rivals.models import HandEvent
from leads.models import Lead


@shared_task(ignore_result=True)
def process_event(pk: int) -> None:
    """Read the event and tick it off: the least that a worker does."""
    event = HandEvent.objects.get(pk=pk)
    event.processed = True
    event.save(update_fields=["processed"])


@shared_task(ignore_result=True)
def post_lead(pk: int) -> None:
    """Search one lead: the least that people write."""
    lead = Lead.objects.get(pk=pk)
    body = {"fullname": f"{lead.firstname} {lead.lastname}", "company_domain": lead.company_domain}
    headers = {"x-api-key": settings.ENROW["API_KEY"]}
    requests.post(f"{settings.ENROW['BASE_URL']}/email/find/single", json=body, headers=headers, timeout=30)
