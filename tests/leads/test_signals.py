"""Where a host project hears of new values."""

from __future__ import annotations

import pytest

from leads.models import Lead
from leads.results import applying
from leads.signals import values_written
from tests.leads.answers import VIA, done, found, missed

pytestmark = pytest.mark.django_db


def test_the_host_hears_of_new_values_after_the_commit(running, django_capture_on_commit_callbacks):
    """values_written names the job and what changed; a receiver that fails disturbs nobody."""
    heard = []

    def listen(sender, job_id, changes, **kwargs):
        heard.append((sender, job_id, [(change.crm_id, change.field, change.old) for change in changes]))
        raise RuntimeError("the host's own bug")

    job = running(2)
    values_written.connect(listen)
    try:
        with django_capture_on_commit_callbacks() as after_commit:
            applying.apply(job.pk, done(found("lead-0"), missed("lead-1")), via=VIA)
        assert heard == []
        for callback in after_commit:
            callback()
    finally:
        values_written.disconnect(listen)
    assert heard == [(Lead, job.pk, [("lead-0", "email", "")])]
