"""A search job: its states, and what the database refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from leads.models import SearchJob

pytestmark = pytest.mark.django_db


def test_the_database_refuses_two_jobs_with_one_enrow_id():
    """An id names one search of a kind; blank ids do not count."""
    run = "0d2b4b1e-0000-4000-8000-000000000000"
    for _ in range(2):
        SearchJob.objects.create(run=run, kind="find_email")
    SearchJob.objects.create(run=run, kind="find_email", enrow_id="e")
    SearchJob.objects.create(run=run, kind="find_phone", enrow_id="e")
    with pytest.raises(IntegrityError), transaction.atomic():
        SearchJob.objects.create(run=run, kind="find_email", enrow_id="e")
