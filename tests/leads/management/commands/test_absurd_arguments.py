"""Numbers that nobody means, dates that no calendar has, and NUL: each command answers with a sentence."""

from __future__ import annotations

import pytest

from leads.models import Lead
from tests.commands import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "condition",
    [
        "created_at__year__gte=9999999999",
        "created_at__year=0",
        "created_at__gt=9999999-01-01",
        "id__in=1,99999999999999999999",
        "id__range=1,9999999999999999999999",
        "id=1e400",
        "crm_id=a\x00b",
    ],
)
def test_a_condition_that_no_row_can_meet_is_a_wrong_call(condition):
    """Before anything is read."""
    outcome = run("export_leads", "-", "--where", condition)
    assert (outcome.code, "is no value for" in outcome.err) == (2, True), outcome.err


def test_a_text_of_digits_is_a_text():
    """A crm_id may be as long as a number that no database takes."""
    Lead.objects.create(crm_id="9" * 30)
    assert "9" * 30 in run("export_leads", "-", "--where", f"crm_id={'9' * 30}").out


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("enrich_leads", "--find", "email", "--limit", "9" * 5000), "5,000 digits is too large"),
        (("enrich_leads", "--find", "email", "--max-credits", "1e9999999"), "is too large; at most"),
        (("enrow_jobs", "--retry", "--max-credits", "1e300"), "is too large; at most"),
        (("replay_events", "9" * 23), "23 digits is too large"),
        (("prune_events", "--days", "99999999999"), "days are too many"),
        (("forget_lead", "a\x00b", "--yes"), "Nothing is known of"),
        (("enrich_leads", "--find", "email", "--crm-id", "a\x00b"), "There is no lead with the crm_id"),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_an_absurd_argument_is_told_in_a_sentence(call, said):
    """No traceback, nothing done."""
    outcome = run(*call)
    assert outcome.code
    assert said in outcome.err
