"""A table of leads that takes nothing."""

from __future__ import annotations

import contextlib

from django.db import connection


def run_sql(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


_REFUSE = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS 'BEGIN RAISE ''no''; END' LANGUAGE plpgsql"


@contextlib.contextmanager
def leads_refuse(*, at_commit=False):
    """A trigger of the host refuses every update of a lead."""
    if connection.vendor == "sqlite":
        run_sql("CREATE TRIGGER refuse BEFORE UPDATE ON leads_lead BEGIN SELECT RAISE(ABORT, 'no'); END")
    else:
        kind = "CONSTRAINT TRIGGER refuse AFTER" if at_commit else "TRIGGER refuse BEFORE"
        when = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
        run_sql(
            _REFUSE, f"CREATE {kind} UPDATE ON leads_lead {when} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )  # fmt: skip
    try:
        yield
    finally:
        run_sql("DROP TRIGGER refuse" + ("" if connection.vendor == "sqlite" else " ON leads_lead"))
