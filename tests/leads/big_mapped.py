"""Big tables of a host's own models, made by PostgreSQL itself, with what is known of their leads beside them."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper

from leads.models import LeadEnrichment, LeadSearch
from tests.crm.models import Address, Candidate, Company, Contact, Person

TABLES = (Company, Contact, Candidate, Person, Address, LeadEnrichment, LeadSearch)

# Two leads of a company; half of them have an e-mail.
_ROWS = """
INSERT INTO crm_company (title, website, city)
SELECT 'Firm ' || n, 'firm' || n || '.com', 'City ' || n % 100 FROM generate_series(1, {leads} / 2) AS n;
INSERT INTO crm_contact (gn, family_name, employer_id, linkedin, "mail address", mobile, opted_out, changed_at)
SELECT 'Ann' || n, 'Somebody', (SELECT min(id) FROM crm_company) + n % ({leads} / 2), NULL,
    CASE WHEN n % 2 = 0 THEN 'ann' || n || '@firm.com' END, '', n % 50 = 0, now()
FROM generate_series(1, {leads}) AS n;
INSERT INTO crm_candidate (id, name, company, email, email_state, phone)
SELECT md5('candidate' || n)::uuid, 'Ann' || n || ' Somebody', 'Firm',
    CASE WHEN n % 2 = 0 THEN 'ann' || n || '@firm.com' ELSE '' END, '', ''
FROM generate_series(1, {leads}) AS n;
INSERT INTO crm_person (code, name, domain)
SELECT 'p' || n, 'Ann' || n || ' Somebody', 'firm.com' FROM generate_series(1, {leads}) AS n;
INSERT INTO crm_address (person_id, email, is_main)
SELECT id, code || '@firm.com', true FROM crm_person WHERE id % 2 = 0;
"""
# Nearly all are known: half of those valid, one in two thousand failed, the others not found; few are searched now.
_KNOWN = """
INSERT INTO leads_leadenrichment (model, key, email, email_status, email_checked_at, phone, phone_country, phone_status)
SELECT '{model}', key, email, CASE WHEN email <> '' THEN 'valid' WHEN n % 2000 = 1 THEN 'failed' ELSE 'not_found' END,
    now(), '', '', ''
FROM ({source}) AS rows WHERE n % 10 > 0;
INSERT INTO leads_searchjob
    (id, run, kind, state, enrow_id, country_code, overwrite, requested, found, credits_reserved, requested_by,
     attempts, checks, last_error, result_via, next_check_at, created_at, has_forgotten, refused, kept_aside,
     launched_elsewhere)
SELECT md5('{model}')::uuid, md5('{model}')::uuid, 'find_email', 'running', md5('{model}'), '', false, {leads}, 0,
    {leads}, '', 1, 0, '', '', now(), now(), false, 0, 0, false;
INSERT INTO leads_leadsearch
    (job_id, model, crm_id, sent_as, kind, fingerprint, outcome, value, country, value_before, effect, error)
SELECT md5('{model}')::uuid, '{model}', '{prefix}' || key, '', 'find_email', md5('{model}' || key)::uuid,
    CASE WHEN n % 2000 = 0 THEN 'pending' ELSE 'found' END, '', '', '',
    CASE WHEN n % 2000 = 0 THEN '' ELSE 'written' END, ''
FROM ({source}) AS rows
"""
_SOURCES = {
    ("crm.contact", "contact-"): """
        SELECT id::text AS key, COALESCE("mail address", '') AS email, row_number() OVER (ORDER BY id) AS n
        FROM crm_contact""",
    ("crm.candidate", "candidate-"): """
        SELECT id::text AS key, email, row_number() OVER (ORDER BY name) AS n FROM crm_candidate""",
    ("crm.person", "person-"): """
        SELECT code AS key, COALESCE(a.email, '') AS email, row_number() OVER (ORDER BY p.id) AS n
        FROM crm_person p LEFT JOIN crm_address a ON a.person_id = p.id""",
}


def fill(leads: int) -> None:
    """Fill the empty tables with so many leads of each model, and let PostgreSQL look at what it has."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(leads=leads))
        # First what the rows below are read from: believed empty, two of these tables took minutes to join.
        _analyze(cursor)
        for (model, prefix), source in _SOURCES.items():
            cursor.execute(_KNOWN.format(model=model, prefix=prefix, source=source, leads=leads))
        _analyze(cursor)


def _analyze(cursor: CursorWrapper) -> None:
    for table in TABLES:
        cursor.execute(f"ANALYZE {table._meta.db_table}")
