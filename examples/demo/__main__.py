"""The whole package at work on this machine: sandbox, site, Celery worker, one command. No server, no key, no credits.

``python -m examples.demo`` enriches ``examples/leads.csv`` and shows what came of it; with ``--serve`` everything stays
up, for a person to click through. Everything is written below one folder, ``var/demo`` or what ``--folder`` names.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import secrets
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from examples.demo.processes import DemoError, Programs, answers, free_ports, is_free, tails
from leads.kinds import WORDS

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = (sys.executable, "manage.py")
WORKER = (sys.executable, "-m", "celery", "-A", "config", "worker", "--beat")
REPORT = (sys.executable, "-m", "examples.demo.report")
# More than the worst case of the example leads: every phone is reserved at 40 credits.
CREDITS = "100000"
# Where a person expects a Django site that runs on their machine.
USUAL_PORT = 8000


def main() -> int:
    """Run the demo; return the exit code."""
    arguments = _parse()
    started = time.monotonic()
    try:
        with _own_folder(arguments.folder.resolve()) as folder:
            return _play(arguments, folder, started)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--serve", action="store_true", help="keep everything up until Ctrl-C, to click through")
    parser.add_argument("--leads", type=Path, default=ROOT / "examples" / "leads.csv", help="the CSV file to import")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "demo", help="where everything is written")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds that the fake Enrow takes for a search")
    return parser.parse_args()


@contextlib.contextmanager
def _own_folder(folder: Path) -> Iterator[Path]:
    """Empty the folder and hold it for this process. Raises DemoError when another demo or something else is in it."""
    lock = folder / "demo.lock"
    if folder.exists() and any(folder.iterdir()) and not lock.exists():
        raise DemoError(f"{folder} holds something else than a demo; name an empty folder with --folder.")
    folder.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"Another demo runs in {folder}; stop it first, or name another --folder.") from None
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry != lock:
                entry.unlink()
        yield folder


def _play(arguments: argparse.Namespace, folder: Path, started: float) -> int:
    sandbox, site = free_ports(2)
    if arguments.serve and is_free(USUAL_PORT):
        site = USUAL_PORT
    with Programs(cwd=ROOT, logs=folder / "logs", environment=_environment(folder, sandbox, site)) as programs:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, programs.interrupt)
        try:
            _start(programs, arguments, sandbox, site)
            if arguments.serve:
                _serve(programs, site)
            _enrich(programs, sandbox)
        except KeyboardInterrupt:
            print("\nStopping ...", flush=True)
            return 0 if arguments.serve else 130
        except DemoError as error:
            print(f"{tails(programs.logs)}\n\n{error} The logs are in {programs.logs}.", file=sys.stderr)
            return 1
    print(f"Done in {time.monotonic() - started:.0f} seconds; everything is stopped. Logs and database: {folder}")
    return 0


def _environment(folder: Path, sandbox: int, site: int) -> dict[str, str]:
    """Return what the programs need. Each name that could lead elsewhere is set, whatever the user's shell says."""
    here = "127.0.0.1,localhost"
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_VAR_DIR": str(folder),
        "DJANGO_DEBUG": "1",
        "DJANGO_ALLOWED_HOSTS": here,
        "DATABASE_URL": f"sqlite:///{quote(str(folder / 'db.sqlite3'))}",
        "CELERY_BROKER_URL": "filesystem://localhost",
        "ENROW_API_KEY": "demo-key",
        "ENROW_BASE_URL": f"http://127.0.0.1:{sandbox}",
        "ENROW_WEBHOOK_ORIGIN": f"http://127.0.0.1:{site}",
        "ENROW_WEBHOOK_SECRETS": "",
        "NO_PROXY": here,
        "no_proxy": here,
        "PYTHONUNBUFFERED": "1",
    }


def _start(programs: Programs, arguments: argparse.Namespace, sandbox: int, site: int) -> None:
    account = ["--delay", str(arguments.delay), "--credits", CREDITS]
    enrow = programs.start("sandbox", [*MANAGE, "enrow_sandbox", "--port", str(sandbox), *account])
    _say("Making a database and importing the leads")
    programs.run("migrate", [*MANAGE, "migrate", "--verbosity", "0"])
    programs.run("import_leads", [*MANAGE, "import_leads", str(arguments.leads.resolve())], show=True)
    _say("Starting the fake Enrow, the site and a Celery worker")
    django = programs.start("site", [*MANAGE, "runserver", "--noreload", f"127.0.0.1:{site}"])
    worker = programs.start("worker", [*WORKER, "--loglevel", "INFO", "--concurrency", "2"])
    programs.run("report", [*REPORT, "before", str(programs.logs / "before.json")])
    programs.wait_for(enrow, lambda: answers(sandbox, "/_sandbox/state"))
    programs.wait_for(django, lambda: answers(site, "/admin/login/"))
    # Over this broker nobody can ask a worker and get a quick answer; its log says it.
    programs.wait_for(worker, lambda: worker.said(" ready."))


def _serve(programs: Programs, site: int) -> None:
    password = secrets.token_urlsafe(9)
    programs.environment = {
        **programs.environment,
        "DJANGO_SUPERUSER_USERNAME": "admin",
        "DJANGO_SUPERUSER_EMAIL": "admin@example.com",
        "DJANGO_SUPERUSER_PASSWORD": password,
    }
    programs.run("createsuperuser", [*MANAGE, "createsuperuser", "--noinput"])
    print(
        f"\nOpen   http://127.0.0.1:{site}/admin/leads/lead/"
        f"\nLog in with   admin   and   {password}"
        "\nTick some leads, choose an enrichment in the list of actions, and watch them change."
        f"\nEverything else (search jobs, webhook events) is under   http://127.0.0.1:{site}/admin/"
        "\nCtrl-C stops everything.\n",
        flush=True,
    )
    programs.watch()


def _enrich(programs: Programs, sandbox: int) -> None:
    before, ledger = programs.logs / "before.json", programs.logs / "ledger.json"
    command = ["enrich_leads", "--find", *WORDS, "--verify", "--yes", "--wait"]
    _say(f"manage.py {' '.join(command)}")
    programs.run("enrich_leads", [*MANAGE, *command], show=True)
    ledger.write_text(json.dumps(_sandbox_state(sandbox)), encoding="utf-8")
    programs.run("report", [*REPORT, "after", str(before), str(ledger)], show=True)


def _sandbox_state(port: int) -> object:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/_sandbox/state", timeout=10) as answer:
        return json.load(answer)


def _say(what: str) -> None:
    print(f"==> {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
