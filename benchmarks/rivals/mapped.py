"""A CRM's own contacts: the mapping, a million rows, and the least that the database must do for a batch of results."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.rivals.applying import FLOOR_SEARCHES, Came, status
from benchmarks.rivals.models import Contact
from leads.mapping import LeadMapping

PREFIX = "contact-"


class ContactMapping(LeadMapping):
    """Registered by the benchmarks that need it: other commands go by the project's only mapping."""

    crm_id_prefix = PREFIX
    firstname = "given_name"
    lastname = "family_name"
    company_name = "employer__name"
    company_domain = "employer__website"
    linkedin_url = "linkedin"
    email = "work_email"
    phone = "mobile"


_COMPANIES = """
INSERT INTO rivals_company (id, name, website)
SELECT n, 'Firm ' || n, 'firm' || n || '.com' FROM generate_series(0, %s / 7) n
"""
_CONTACTS = """
INSERT INTO rivals_contact (id, given_name, family_name, employer_id, linkedin, work_email, mobile, updated_at)
SELECT n, 'Bob' || n, 'Somebody', n / 7, 'https://www.linkedin.com/in/bob' || n || '-somebody/',
    CASE WHEN n %% 6 = 0 THEN 'ann@firm' || n || '.com' END, '', now() - interval '1 day'
FROM generate_series(1, %s) n
"""
_FLOOR_CONTACTS = """
UPDATE rivals_contact SET work_email = r.value, updated_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS r (id, value) WHERE rivals_contact.id = r.id
"""
_FLOOR_STATES = """
INSERT INTO leads_leadenrichment (model, key, email, email_status, email_checked_at, phone, phone_country, phone_status)
SELECT %s, r.key, r.value, r.status, %s, '', '', ''
FROM unnest(%s::text[], %s::text[], %s::text[]) AS r (key, value, status)
ON CONFLICT (key, model) DO UPDATE SET email = excluded.email, email_status = excluded.email_status,
    email_checked_at = excluded.email_checked_at
"""


def seed(contacts: int) -> None:
    """Fill both tables."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPANIES, [contacts])
        cursor.execute(_CONTACTS, [contacts])


def floor(ids: Mapping[str, int], came: Mapping[str, Came]) -> None:
    """Write the searches, the contacts with a value and the states beside them: no match, no check, no decision."""
    now = timezone.now()
    outcomes, values = [one.outcome for one in came.values()], [one.value for one in came.values()]
    keys = [crm_id.removeprefix(PREFIX) for crm_id in came]
    found = {int(key): one.value for key, one in zip(keys, came.values(), strict=True) if one.value}
    statuses = [status(one) for one in came.values()]
    label = Contact._meta.label_lower
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FLOOR_SEARCHES, [[ids[crm_id] for crm_id in came], outcomes, values])
        cursor.execute(_FLOOR_CONTACTS, [now, list(found), list(found.values())])
        cursor.execute(_FLOOR_STATES, [label, now, keys, values, statuses])
