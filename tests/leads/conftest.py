"""Fixtures of the CRM floor."""

from __future__ import annotations

import pytest

from leads.enrichment import enrich
from leads.models import Lead, SearchJob


@pytest.fixture
def running(make_leads):
    """Make a running job of so many leads."""

    def make(count=1, find=("email",), *, overwrite=False, verify=False, **fields):
        make_leads(count, **fields)
        job = enrich(Lead.objects.all(), find=find, verify=verify, overwrite=overwrite).jobs().get()
        SearchJob.objects.filter(pk=job.pk).update(state="running", enrow_id="enrow-1")
        return job

    return make
