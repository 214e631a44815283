"""``manage.py export_leads``: to a file, or into a pipe."""

from __future__ import annotations

import pytest

from tests.commands import run_process, spawn

pytestmark = pytest.mark.django_db


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_through_pipes(csv_file):
    """'-' is stdin and stdout; stdout holds the table only, and a reader that goes early is no error."""
    rows = "".join(f"{number},Ann\n" for number in range(5000))
    with (
        csv_file(f"crm_id,name\n{rows}").open() as file,
        spawn("import_leads", "-", "--model", "leads.Lead", "--json", stdin=file) as process,
    ):
        assert '"created": 5000' in process.communicate(timeout=60)[0]
    assert run_process("export_leads", "-", "--model", "leads.Lead").out.startswith("crm_id,firstname,")

    with spawn("export_leads", "-", "--model", "leads.Lead", "--skip-checks") as process:
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(30), process.stderr.read()) == (0, "")
