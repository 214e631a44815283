"""What the doctor finds in the jobs, one finding at a time."""

from __future__ import annotations

import pytest

from leads.models import SearchJob
from leads.upkeep.doctor import refused_findings, result_findings

pytestmark = pytest.mark.django_db(transaction=True)


def test_results_have_one_finding():
    """All is well, or what is not."""
    assert [finding.level for finding in result_findings()] == ["ok"]


def test_leads_that_their_table_refused_are_a_finding_that_says_what_to_do(one_email):
    """Which lead, which constraint, and the command that writes what was bought."""
    assert list(refused_findings()) == []
    one_email()
    [finding] = refused_findings()
    job = SearchJob.objects.get(refused=1)
    assert finding.level == "needs-person"
    assert "1 of 3 leads. lead-1: IntegrityError" in finding.sentence
    assert f"manage.py enrow_jobs {job.pk} --retry" in finding.hint
    assert [finding.level for finding in result_findings()] == ["ok"]
