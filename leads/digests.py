"""The inputs of a lead in 128 bits: tells whether they still are those that were searched, in Python and in SQL.

SHA-256, of which half is kept: PostgreSQL and Django's SQLite both know it, also where MD5 is forbidden.
"""

from __future__ import annotations

import hashlib

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from leads.kinds import Candidate

# What a search is made of, for any kind; the address that a verification judges is compared by itself.
INPUTS = ("firstname", "lastname", "fullname", "company_name", "company_domain", "linkedin_url", "country_code")
_START = Candidate._fields.index(INPUTS[0])
_STOP = _START + len(INPUTS)
_BETWEEN = "\x1f"


def digest(lead: Candidate) -> str:
    """Return the digest of a lead's inputs as they stand in its row, as 32 hexadecimal digits."""
    text = _BETWEEN.join(lead[_START:_STOP])  # type: ignore[arg-type]  # these are its inputs, all of them text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def digest_sql(model: type[Model], table: str, connection: BaseDatabaseWrapper) -> str:
    """Return the SQL of the same, of a row of the lead model's table."""
    quote = connection.ops.quote_name
    is_postgres = connection.vendor == "postgresql"
    cell = "COALESCE({}.{}::text, '')" if is_postgres else "COALESCE({}.{}, '')"
    between = f" || {'chr' if is_postgres else 'char'}({ord(_BETWEEN)}) || "
    columns = {field.name: quote(str(field.column)) for field in model._meta.concrete_fields}
    text = between.join(cell.format(table, columns[name]) for name in INPUTS)
    if is_postgres:
        return f"encode(substr(sha256(convert_to({text}, 'UTF8')), 1, 16), 'hex')::uuid"
    return f"substr(SHA256({text}), 1, 32)"
