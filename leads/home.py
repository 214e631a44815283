"""Do these rows belong to this database? A copy has the same queue, and must not buy it a second time.

The first search job writes down where that is: what PostgreSQL or the file of SQLite says of itself, and
``ENROW["ENVIRONMENT"]``. A dump, a template or a copied file carries that row to another place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet

from leads import sql
from leads.conf import lead_settings
from leads.models import Home

QUESTION = "These rows belong to another deployment. A copy? Moved?"
# Why a job is held. Constant, so that those jobs are found again.
HELD = f"{QUESTION} Nothing is sent from here until 'manage.py enrow_deployment' is told."

_UNKNOWN = "unknown/"
_UNKNOWN_SERVER = (
    " PostgreSQL does not tell this role which server it is, so a copy on another server may have the same number: "
    'set ENROW["ENVIRONMENT"].'
)


class NotAtHome(Exception):  # noqa: N818 - it is a verdict
    """The rows belong to another place; nothing may be sent from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the rows are, and where they belong."""

    # Not saved: this database and environment as they are now.
    here: Home
    # None while there was no search job yet.
    home: Home | None

    @property
    def is_home(self) -> bool:
        """Whether searches may be sent from here."""
        return self.home is None or not self.differences

    @property
    def differences(self) -> list[str]:
        """A sentence for each thing that is not as it is at home."""
        if self.home is None:
            return []
        found = []
        if self.here.database != self.home.database:
            found.append(f"This is database {self.here.database}; home is {self.home.database}.")
        if self.here.environment != self.home.environment:
            here, home = self.here.environment or "not set", self.home.environment or "not set"
            found.append(f'ENROW["ENVIRONMENT"] is {here}; at home it is {home}.')
        return found

    @property
    def sentence(self) -> str:
        """All of this for a person."""
        if self.home is None:
            return "There was no search job yet; the first one makes this database the home of its rows."
        if self.differences:
            return " ".join([QUESTION, *self.differences])
        if self.home.environment:
            return f"These rows are at home here: database {self.home.database}, environment {self.home.environment}."
        note = _UNKNOWN_SERVER if self.home.database.startswith(_UNKNOWN) else ""
        return f"These rows are at home here: database {self.home.database}.{note}"


def look() -> Place:
    """Compare this database with the home of its rows; reads what decides where it is written."""
    return Place(here=_here(), home=_homes().first())


def settle() -> QuerySet[Home]:
    """Make this the home if there is none; of two that come at once one wins. Return the home if it is here."""
    here = _here()
    if not _homes().exists():
        _homes().bulk_create([here], ignore_conflicts=True)
    return _homes().filter(database=here.database, environment=here.environment)


def move_in() -> None:
    """Make this the home."""
    here = _here()
    facts = {"database": here.database, "environment": here.environment, "since": here.since}
    _homes().update_or_create(pk=here.pk, defaults=facts)


def _homes() -> QuerySet[Home]:
    return Home.objects.using(sql.alias())


def _here() -> Home:
    is_postgres = sql.connect().vendor == "postgresql"
    return Home(database=_of_postgres() if is_postgres else _of_sqlite(), environment=lead_settings.environment)


def _of_postgres() -> str:
    """Return the number of the server's data, made by initdb, and that of the database in it.

    Every role may ask for the first, unless somebody took that away, or a service does not offer it.
    """
    [[oid, may_ask]] = sql.fetch(
        "SELECT oid, has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE')"
        " FROM pg_catalog.pg_database WHERE datname = current_database()",
        (),
    )
    if not may_ask:
        return f"{_UNKNOWN}{oid}"
    [[server]] = sql.fetch("SELECT system_identifier FROM pg_catalog.pg_control_system()", ())
    return f"{server}/{oid}"


def _of_sqlite() -> str:
    """Return the inode of the file; a database in memory has none, and no copy.

    Not its path, which differs between containers on one volume, nor its device, which may differ after a restart.
    """
    files = {name: file for _, name, file in sql.fetch("PRAGMA database_list", ())}
    return f"inode {Path(files['main']).stat().st_ino}" if files["main"] else "in memory"
