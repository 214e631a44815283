"""The inputs of a lead in 128 bits: tells whether they still are those that were searched, in Python, SQL and the ORM.

SHA-256, of which half is kept: PostgreSQL and Django's SQLite both know it, also where MD5 is forbidden.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, TextField

from leads.kinds import Candidate

# What a search is made of, for any kind; the address that a verification judges is compared by itself.
INPUTS = ("firstname", "lastname", "fullname", "company_name", "company_domain", "linkedin_url", "country_code")
_START = Candidate._fields.index(INPUTS[0])
_STOP = _START + len(INPUTS)
_BETWEEN = "\x1f"


def digest(lead: Candidate) -> str:
    """Return the digest of a lead's inputs as they stand in its row, as 32 hexadecimal digits."""
    text = _BETWEEN.join(lead[_START:_STOP])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def digest_sql(columns: Mapping[str, str], connection: BaseDatabaseWrapper) -> str:
    """Return the SQL of the same; ``columns``: the SQL of each input, but for those that a lead has not."""
    is_postgres = connection.vendor == "postgresql"
    cell = "COALESCE({}::text, '')" if is_postgres else "COALESCE({}, '')"
    text = _joiner("chr" if is_postgres else "char").join(
        cell.format(columns[name]) if name in columns else "''" for name in INPUTS
    )
    if is_postgres:
        return f"encode(substr(sha256(convert_to({text}, 'UTF8')), 1, 16), 'hex')::uuid"
    return f"substr(SHA256({text}), 1, 32)"


class Digest(Func):
    """The same as an expression of the ORM, over one text for each input; as 32 hexadecimal digits."""

    arity = len(INPUTS)
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the SQL. Django's own SHA256 would need the extension pgcrypto."""
        template = "encode(substr(sha256(convert_to(%(expressions)s, 'UTF8')), 1, 16), 'hex')"
        return self.as_sql(compiler, connection, template=template, arg_joiner=_joiner("chr"), **context)

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Return the SQL."""
        template = "substr(SHA256(%(expressions)s), 1, 32)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=_joiner("char"), **context)


def _joiner(function: str) -> str:
    return f" || {function}({ord(_BETWEEN)}) || "
