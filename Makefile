# Everything here needs python3 (3.11 or later), make and git; the rest is installed into .venv.
# Another Python: make demo PYTHON=python3.13

PYTHON ?= python3
VENV ?= .venv
DOCS_VENV ?= .venv-docs
PY := $(VENV)/bin/python
TEST_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/postgres
TEST_REDIS_URL ?= redis://127.0.0.1:6379/9

# The tools look at the demo project as a person's machine runs it.
tools types: export DJANGO_DEBUG = 1
tools types: export ENROW_API_KEY = unused
tools types: export ENROW_WEBHOOK_ORIGIN = https://crm.example.com
export TEST_DATABASE_URL TEST_REDIS_URL

.DEFAULT_GOAL := help
.PHONY: help demo serve test quick mutants bench docs pictures lint tools types imports pytest wheel lock clean install install-dev

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

demo: install ## enrich the example leads on this machine: fake Enrow, site, Celery worker; no server, no key
	@$(PY) -m examples.demo

serve: install ## the same, but everything stays up for you to click through the admin; Ctrl-C ends it
	@$(PY) -m examples.demo --serve

test: lint pytest ## every check and every test, on SQLite and, when one answers, on PostgreSQL

quick: $(PY) ## some tests, once, on SQLite or the database of DATABASE_URL: make quick TESTS=tests/leads
	$(PY) -m pytest -q $(TESTS)

lint: install-dev tools ## ruff, mypy, import contracts, Django's checks, missing migrations

types: $(PY) ## mypy alone
	$(PY) -m mypy
	$(PY) -m mypy -p examples.demo

imports: $(PY) ## the import contracts alone
	$(VENV)/bin/lint-imports

tools: types imports
	$(PY) -m ruff check .
	$(PY) -m ruff format --check --quiet .
	$(PY) manage.py check --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run

# These bring their own database, need none, or live through a year for minutes: once is enough for them.
ONCE := $(wildcard tests/test_*.py) tests/docs/test_projects.py tests/docs/test_commands.py tests/browser/test_site.py tests/foreign tests/mutants \
	tests/sandbox tests/enrow_webhooks/client tests/leads/upkeep/rules/test_year.py

pytest: install-dev
	@if $(PY) -m tests.services postgres; then .ci/both $(PY) $(addprefix --ignore=,$(ONCE)); \
	elif test -n "$(CI)"; then exit 1; else $(PY) -m pytest -q; fi

mutants: install-dev ## put small faults into a copy of the code, and tell which no test notices: make mutants ONLY=leads/results
	$(PY) -m tests.mutants $(ONLY)

bench: install-dev ## every benchmark at a small size; SIZE=full for the real one, BENCH=whole for one; needs PostgreSQL and Redis
	$(PY) -m benchmarks $(or $(SIZE),small) $(BENCH)

docs: ## build the documentation's site into site/: static files; a dead link is an error
	@.ci/venv "$(PYTHON)" "$(DOCS_VENV)" requirements-docs.txt
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build

pictures: install-dev ## take the documentation's pictures of the admin again; needs chromium and chromium-driver
	@$(PY) -m examples.pictures

wheel: install-dev ## build the wheel into dist/
	$(PY) -m build --wheel --no-isolation

lock: ## write requirements*.txt again from pyproject.toml; needs uv
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --upgrade \
		--extra demo pyproject.toml --output-file requirements.txt
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --upgrade \
		--extra demo --group dev pyproject.toml --output-file requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --upgrade \
		--group docs --output-file requirements-docs.txt

clean: ## remove what was made here: .venv, the demo, dist, site, caches (your database in var/ stays)
	rm -rf $(VENV) $(DOCS_VENV) site .nox var/demo dist build htmlcov .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# For what is called often, like a hook: an environment that another Python made is as good.
$(PY):
	@$(MAKE) --no-print-directory install-dev

install:
	@.ci/venv "$(PYTHON)" "$(VENV)" requirements.txt

install-dev:
	@.ci/venv "$(PYTHON)" "$(VENV)" requirements-dev.txt
