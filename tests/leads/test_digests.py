"""The digest of a lead's inputs is the same in Python, in SQL and by the ORM, whatever people type."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F

from leads.digests import INPUTS, Digest, digest, digest_sql
from leads.kinds import Candidate
from leads.models import Lead

pytestmark = pytest.mark.django_db

TEXTS = ["", "Ann", " Ann ", "Zoë", "Zoe\u0308", "李小龙", "🚀", "O'Brien", 'a"b', "%s", "a\\b", "\u200b", "\n"]


def in_sql(lead):
    with connection.cursor() as cursor:
        columns = {name: f"l.{Lead._meta.get_field(name).column}" for name in INPUTS}
        text = digest_sql(columns, connection)
        cursor.execute(f"SELECT {text} FROM {Lead._meta.db_table} l WHERE l.id = %s", [lead.pk])  # noqa: S608 - names of ours
        return str(cursor.fetchone()[0]).replace("-", "")


def in_python(lead):
    return digest(Candidate._make(Lead.objects.values_list(*Candidate._fields).get(pk=lead.pk)))


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_python_and_the_database_agree(text):
    """Otherwise each lead would be looked at twice."""
    country = {"country_code": "FR"}
    lead = Lead.objects.create(crm_id="1", **dict.fromkeys(INPUTS, text) | country)
    by_orm = Lead.objects.values_list(Digest(*map(F, INPUTS)), flat=True)
    assert in_sql(lead) == in_python(lead) == by_orm.get(pk=lead.pk)


def test_every_input_counts_and_no_two_fields_are_mixed_up():
    """A word that moves to the next field makes another digest; what is no input makes none."""
    seen = {in_python(Lead.objects.create(crm_id=name, **{name: "FR"})) for name in INPUTS}
    assert len(seen) == len(INPUTS)
    known = Lead.objects.create(crm_id="known", firstname="FR", email="a@b.com", phone="+1", email_status="valid")
    assert in_python(known) in seen
