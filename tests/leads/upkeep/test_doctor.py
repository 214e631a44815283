"""What the doctor finds in the jobs, one finding at a time."""

from __future__ import annotations

import pytest

from leads.upkeep.doctor import result_findings

pytestmark = pytest.mark.django_db(transaction=True)


def test_results_have_one_finding():
    """All is well, or what is not."""
    assert [finding.level for finding in result_findings()] == ["ok"]
