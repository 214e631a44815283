"""The matrix: each Python with the Django that belongs to it, installed from pyproject.toml and not from the lock.

``nox`` runs all of it, ``nox -s "tests(3.13)"`` one end. DATABASE_URL chooses the database, as everywhere.
"""

from __future__ import annotations

import nox

nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests"]

# The oldest supported pair, the one between, the newest.
MATRIX = [("3.11", "5.2"), ("3.12", "6.0"), ("3.13", "6.1")]


@nox.session
@nox.parametrize(("python", "django"), MATRIX, ids=[python for python, _ in MATRIX])
def tests(session: nox.Session, django: str) -> None:
    """Run the test suite; arguments after ``--`` go to pytest."""
    project = nox.project.load_toml("pyproject.toml")
    session.install(".[demo]", f"Django=={django}.*", *nox.project.dependency_groups(project, "dev"))
    # The tests are about the files here, not about an installed copy.
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", project["project"]["name"], silent=True)
    session.run("python", "-m", "pytest", "-q", *session.posargs)
