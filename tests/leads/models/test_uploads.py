"""Who works on a file, and who decides about it."""

from __future__ import annotations

import datetime as dt

import pytest

from leads.models import FileImport
from tests.leads.uploads.files import fresh, upload

pytestmark = pytest.mark.django_db
LEASE = dt.timedelta(minutes=1)


def test_a_file_is_one_workers():
    """Until its lease runs out."""
    file = upload("crm_id\n1\n")
    assert FileImport.objects.claim(file.pk, lease=LEASE)
    assert not FileImport.objects.claim(file.pk, lease=LEASE)
    FileImport.objects.filter(pk=file.pk).update(next_work_at=file.created_at)
    assert FileImport.objects.claim(file.pk, lease=LEASE)
    assert fresh(file).claims == 2


@pytest.mark.parametrize("state", ["ready", "finished", "failed", "cancelled"])
def test_nobody_works_on_a_file_that_waits_for_a_person_or_has_ended(state):
    """Only what is being checked or imported is due."""
    file = upload("crm_id\n1\n", state=state)
    assert not FileImport.objects.claim(file.pk, lease=LEASE)


def test_a_decision_is_about_the_file_as_it_was_seen():
    """Of two tabs, the second decides nothing: another preview may be there by now."""
    file = upload("crm_id\n1\n", state="ready")
    assert FileImport.objects.decide(file, "importing")
    assert not FileImport.objects.decide(file, "checking")
    again = upload("crm_id\n1\n", state="ready")
    FileImport.objects.filter(pk=again.pk).update(claims=1)
    assert not FileImport.objects.decide(again, "importing")
