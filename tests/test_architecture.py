"""The rules of the code, read from the source itself."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["enrow_webhooks", "leads", "config"]
MODULES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.relative_to(ROOT).parts
)
# What leads/apps.py imports needs the models, which are not there while apps.py is read.
# pytest loads its plugin also where there is no Django, and must not wait for one where no test needs it.
HIDDEN_IMPORTS_ALLOWED = {"leads/apps.py": 4, "leads/testing/pytest_plugin.py": 3}
EXEMPTION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma)", re.IGNORECASE)
RULE = r"(?:noqa:\s*[A-Z0-9, ]+|type:\s*ignore\[[\w, -]+\]|pragma:[\w ]+)"
EXPLAINED = re.compile(rf"#\s*{RULE}\s*(?:--?|#|:)\s*\S.{{4,}}")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


# The sandbox is tested through its HTTP API, in tests/sandbox: what a test there names is a behaviour, not a module.
TESTED_ELSEWHERE = {
    **{
        name(path): "tests/sandbox/test_server.py"
        for path in MODULES
        if path.parent == ROOT / "enrow_webhooks" / "sandbox" and path.name != "__init__.py"
    },
    # What a program sent and got shows what they do.
    "leads/rights.py": "tests/leads/api/test_teams.py",
    "leads/models/idempotency.py": "tests/leads/test_idempotency.py",
    "leads/api/asked.py": "tests/leads/api/views/test_runs.py",
    "leads/api/told.py": "tests/leads/api/views/test_runs.py",
    "leads/api/wire.py": "tests/leads/api/views/test_runs.py",
    "leads/api/lists.py": "tests/leads/api/views/test_jobs.py",
    "leads/api/known.py": "tests/leads/api/views/test_leads.py",
    "leads/api/selections.py": "tests/leads/api/views/test_leads.py",
    "leads/api/reference.py": "tests/leads/api/test_openapi.py",
    "leads/api/urls.py": "tests/leads/api/test_base.py",
    "leads/api/views/account.py": "tests/leads/api/test_teams.py",
    "leads/api/views/estimates.py": "tests/leads/api/test_teams.py",
    # Their one caller shows what they do.
    "leads/admin/spending.py": "tests/leads/admin/test_confirmation.py",
    "leads/csvfiles/fields.py": "tests/leads/csvfiles/test_mapped.py",
    "leads/csvfiles/finding.py": "tests/leads/csvfiles/test_mapped.py",
    "leads/csvfiles/saving.py": "tests/leads/csvfiles/test_mapped.py",
    "leads/csvfiles/target.py": "tests/leads/csvfiles/test_mapped.py",
    "leads/csvfiles/outcome.py": "tests/leads/csvfiles/test_importing.py",
    "leads/csvfiles/guards.py": "tests/leads/csvfiles/test_exporting.py",
    "leads/csvfiles/programs.py": "tests/leads/csvfiles/test_header.py",
    "leads/csvfiles/program.py": "tests/leads/csvfiles/test_header.py",
    "leads/csvfiles/open_source.py": "tests/leads/csvfiles/test_header.py",
    "leads/csvfiles/identity.py": "tests/leads/csvfiles/test_own.py",
    "leads/numbers.py": "tests/leads/csvfiles/test_forms.py",
    "leads/management/naming.py": "tests/leads/management/commands/test_enrow_jobs.py",
    "leads/management/filereports.py": "tests/leads/csvfiles/test_own.py",
    "leads/permissions.py": "tests/leads/admin/test_permissions.py",
    "leads/admin/rights.py": "tests/leads/admin/test_permissions.py",
    "leads/admin/values.py": "tests/leads/admin/test_permissions.py",
    "leads/admin/viewing.py": "tests/leads/admin/test_links.py",
    "leads/credits/findings.py": "tests/leads/upkeep/test_doctor.py",
    "leads/mapping_checks/wording.py": "tests/leads/mapping_checks/test_checking.py",
    "leads/results/updating.py": "tests/leads/results/test_writeback.py",
    "leads/results/fresh.py": "tests/leads/results/test_writeback.py",
    "leads/results/statement.py": "tests/leads/results/test_writeback.py",
    "leads/results/orphans.py": "tests/leads/results/test_aside.py",
    "leads/outbox/in_flight.py": "tests/leads/outbox/test_planning.py",
    "leads/reading.py": "tests/leads/test_mapped.py",
    "leads/lead_mapping.py": "tests/leads/test_mapped.py",
    "leads/models/enrichments.py": "tests/leads/test_mapped.py",
    "leads/models/runs.py": "tests/leads/runs/test_planning.py",
    "leads/models/rules.py": "tests/leads/upkeep/rules/test_looking.py",
    "leads/upkeep/rules/asking.py": "tests/leads/upkeep/rules/test_looking.py",
    "leads/upkeep/rules/dates.py": "tests/leads/upkeep/rules/test_stale.py",
    "leads/upkeep/rules/overview.py": "tests/leads/management/commands/test_enrich_rules.py",
    "enrow_webhooks/django_tasks.py": "tests/journeys/test_task_backends.py",
    "leads/batched.py": "tests/leads/runs/test_batching.py",
    "leads/handles.py": "tests/leads/runs/test_controlling.py",
    "leads/results/waiting.py": "tests/leads/results/test_writeback.py",
    # Django reads them before any test runs; no test passes without them.
    "enrow_webhooks/apps.py": "tests/conftest.py",
    "leads/apps.py": "tests/conftest.py",
}


each_module = pytest.mark.parametrize("path", MODULES, ids=name)


@pytest.mark.slow
def test_the_import_contracts_hold():
    """One order in each app, plain Python at the bottom, and a sandbox that shares nothing with what it judges."""
    script = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    done = subprocess.run(
        [sys.executable, "-c", script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@each_module
def test_no_import_hides_in_a_function(path):
    """A cycle is solved, not hidden."""
    hidden = [
        node.lineno
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert len(hidden) == HIDDEN_IMPORTS_ALLOWED.get(name(path), 0), f"imports inside functions at lines {hidden}"


@each_module
def test_no_import_is_relative(path):
    """A module's name is written the same everywhere."""
    assert not [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.level]


@pytest.mark.parametrize("package", ["enrow_webhooks", "leads"])
def test_the_packages_import_nothing(package):
    """``import leads`` is free, and pulls no model in before the apps are ready."""
    assert not [
        node for node in ast.walk(tree(ROOT / package / "__init__.py")) if isinstance(node, ast.Import | ast.ImportFrom)
    ]


@each_module
def test_modules_and_functions_stay_short(path):
    """300 lines and 40: what is longer has a part without a name."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    long = {function.name: function.end_lineno - function.lineno + 1 for function in functions(path)}
    assert not {function: lines for function, lines in long.items() if lines > 40}


@each_module
def test_every_exemption_is_explained_on_its_line(path):
    """``noqa``, ``type: ignore`` and ``pragma`` name their rule and say why."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT and EXEMPTION.match(token.string)]
    assert not [f"line {token.start[0]}: {token.string}" for token in comments if not EXPLAINED.match(token.string)]


MIRRORED = [path for path in MODULES if path.relative_to(ROOT).parts[0] != "config" and path.name != "__init__.py"]


@pytest.mark.parametrize("path", MIRRORED, ids=name)
def test_a_module_has_its_tests_where_its_name_says(path):
    """``leads/outbox/planning.py`` has ``tests/leads/outbox/test_planning.py``, or is an exception that says where."""
    own = f"tests/{name(path.with_name(f'test_{path.name}'))}"
    assert (ROOT / TESTED_ELSEWHERE.get(name(path), own)).is_file(), f"There is no {own}."
    assert name(path) not in TESTED_ELSEWHERE or not (ROOT / own).exists(), "It is an exception no longer."


def test_no_exception_outlives_its_module():
    """The list of exceptions names modules that are there."""
    assert set(TESTED_ELSEWHERE) <= set(map(name, MIRRORED))


@pytest.mark.parametrize("path", [path for path in MODULES if "sandbox" in path.relative_to(ROOT).parts], ids=name)
def test_the_sandbox_imports_nothing_of_what_it_judges(path):
    """A witness must not share the code that it judges; Django and Celery are none of its business either."""
    imported = [node.module or "" for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
    imported += [alias.name for node in ast.walk(tree(path)) if isinstance(node, ast.Import) for alias in node.names]
    ours = [
        module
        for module in imported
        if module.partition(".")[0] in {*PACKAGES, "django", "celery", "rest_framework", "tests"}
    ]
    assert all(module.startswith("enrow_webhooks.sandbox") for module in ours), ours


@pytest.mark.django_db
def test_no_migration_is_missing():
    """What the models say is what the migrations do."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
