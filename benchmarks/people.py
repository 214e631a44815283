"""Made-up leads, as many as wanted, by one statement: real-looking names, no two people alike in one company."""

from __future__ import annotations

from typing import Any

import psycopg

# Their numbers have no common divisor: each pair of names comes once in 51 x 53 leads, and a company has 25 people.
_FIRST = (
    "Ana Andreas Anna Björn Camille Carlos Chloé Claire Daniel David Diego Elena Elif Emma Éric Eva François Frank "
    "Giulia Hannah Hans Hélène Ingrid Isabel Ivan Jan Jean-Luc Jörg José Julia Karl Katarzyna Laura Léa Lena Luca "
    "Lukas Maria Marie-Ève Martin Mehmet Michael Nadia Noël Olga Paul Peter Renée Sofía Thomas Zoë"
)
_LAST = (
    "Almeida Andersson Bauer Becker Bernard Bianchi Brown Çelik Costa Dubois Durand Fernández Ferrari Fischer "
    "García González Gruber Hansen Hoffmann Horvat Jansen Jensen Johnson Kaya Keller Kovač Kowalski Lambert "
    "Larsen Lefèvre López Martin Meier Miller Moreau Müller Nielsen Nguyen Novak O'Brien Okafor Pérez Petit Popescu "
    "Richter Rossi Schmidt Silva Smith Şahin Weber Williams Yılmaz"
)
_LEADS = """
INSERT INTO leads_lead (crm_id, firstname, lastname, fullname, company_name, company_domain, linkedin_url, country_code,
    email, email_status, phone, phone_country, phone_status, created_at, updated_at)
SELECT 'crm-' || lpad(n::text, 9, '0'), (%(first)s::text[])[1 + n %% %(firsts)s],
    (%(last)s::text[])[1 + n %% %(lasts)s], '', 'Firm ' || n / 25,
    'firm' || n / 25 || (ARRAY['.com', '.fr', '.de', '.co.uk'])[1 + n / 25 %% 4], '', 'FR',
    '', '', '', '', '', now(), now()
FROM generate_series(%(start)s::bigint, %(stop)s::bigint - 1) n
"""


def add_leads(database: psycopg.Connection[Any], stop: int, *, start: int = 0) -> None:
    """Insert the leads with the numbers from ``start`` up to ``stop``, and let PostgreSQL count them."""
    first, last = _FIRST.split(), _LAST.split()
    names = {"first": first, "firsts": len(first), "last": last, "lasts": len(last)}
    database.execute(_LEADS, names | {"start": start, "stop": stop})
    database.execute("ANALYZE leads_lead")


def names_of(number: int) -> tuple[str, str]:
    """Return the first and last name of the person with this number."""
    first, last = _FIRST.split(), _LAST.split()
    return first[number % len(first)], last[number % len(last)]
