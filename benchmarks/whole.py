"""The whole run: e-mail searches of many leads, from the command to the last written lead, all on this machine.

``python -m benchmarks.whole``; ``--small`` for a laptop, ``--leads N`` for one size. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.ingest import free_port
from benchmarks.people import add_leads
from benchmarks.processes import Meter, Use, tree
from benchmarks.servers import BenchmarkError, Ground, answers, new_parser, prepared, wait_until
from enrow_webhooks.sandbox.people import find_email

SMALL = (10_000, 20_000)
FULL = (10_000, 100_000, 1_000_000)
# What Enrow allows: POSTs a second, and leads in one POST.
POSTS_PER_SECOND, BATCH = 10, 5000
WORKERS = 2
# Seconds that a search takes in the sandbox.
DELAY = 1.0
_KEY = "benchmark"
_CREDITS = 100_000_000
# A run that is slower than this many leads a second is given up, after a minute at least.
_SLOWEST = 500
# Leads whose e-mail is compared with what the sandbox's own function says.
_COMPARED = 20_000
# The aims of the issue.
_AIM_SECONDS, _AIM_MEGABYTES, _AIM_SLOWER = 90.0, 250.0, 0.75


@dataclass(slots=True, kw_only=True)
class Ran:
    """One whole run."""

    leads: int
    # Seconds from the start of the command.
    planned: float
    last_post: float
    written: float
    jobs: int
    by: dict[str, int]
    found: int
    # What each role used, by its name.
    uses: dict[str, Use] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Leads per second."""
        return self.leads / self.written

    @property
    def floor(self) -> float:
        """The seconds that the POSTs alone take at the API's limit."""
        return self.leads / BATCH / POSTS_PER_SECOND


def run(ground: Ground, leads: int, *, delay: float, workers: int) -> Ran:
    """Enrich so many leads, on a ground of their own, and check every one of them."""
    ground.manage("migrate", "--verbosity", "0")
    add_leads(ground.database, leads)
    with everything(ground, delay=delay, workers=workers) as (pids, sandbox):
        planner: list[int] = []
        pids["planner"] = lambda: [pid for one in planner for pid in tree(one)]
        pids["PostgreSQL"] = lambda: _backends(ground)
        meter = Meter(pids, own_memory=frozenset({"PostgreSQL"}))
        with meter.running():
            started = time.time()
            command = [sys.executable, "manage.py", "enrich_leads", "--find", "email", "--yes"]
            with ground.program("enrich_leads", command) as pid:
                planner.append(pid)
                _wait_for_all(ground, leads)
        ran = _told(ground, leads, started)
        ran.uses = meter.uses()
        ran.problems = list(_problems(ground, sandbox, leads))
    return ran


@contextlib.contextmanager
def everything(ground: Ground, *, delay: float, workers: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Run the sandbox, the site and a worker with its beat; give their process ids by role, and the sandbox's port."""
    port = free_port()
    ground.environment = {
        **ground.environment,
        "ENROW_API_KEY": _KEY,
        "ENROW_BASE_URL": f"http://127.0.0.1:{port}",
        "ENROW_WEBHOOK_ORIGIN": f"http://127.0.0.1:{ground.port}",
    }
    command = [sys.executable, "manage.py", "enrow_sandbox", "--port", str(port), "--delay", str(delay),
               "--credits", str(_CREDITS)]  # fmt: skip
    with (
        ground.program("sandbox", command) as sandbox,
        ground.site(),
        ground.worker("--beat", processes=workers) as worker,
    ):
        wait_until("The sandbox", lambda: answers(port, "/_sandbox/deliveries"))
        site = ground.site_pid
        roles = {"sandbox": sandbox, "site": site, "worker": worker}
        yield {role: lambda pid=pid: tree(pid) for role, pid in roles.items()}, port


def _backends(ground: Ground) -> list[int]:
    rows = ground.database.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").fetchall()
    return [int(str(pid)) for (pid,) in rows if pid != ground.database.info.backend_pid]


def _wait_for_all(ground: Ground, leads: int) -> None:
    """Wait until every lead has its result. Raises BenchmarkError when that takes too long."""
    deadline = time.monotonic() + max(60, leads / _SLOWEST)
    shown = 0.0
    while time.monotonic() < deadline:
        [row] = ground.database.execute(
            "SELECT coalesce(sum(requested), 0), coalesce(sum(requested) FILTER (WHERE sent_at IS NOT NULL), 0),"
            " coalesce(sum(requested) FILTER (WHERE written_at IS NOT NULL), 0) FROM leads_searchjob"
        ).fetchall()
        if row[2] == leads:
            return
        if time.monotonic() - shown > 5:
            shown = time.monotonic()
            print("  queued {:,}, sent {:,}, written {:,}".format(*row), flush=True)
        time.sleep(1 if leads > 50_000 else 0.2)
    raise BenchmarkError(f"The run of {leads:,} leads did not end; see the logs in {ground.folder}.")


def _told(ground: Ground, leads: int, started: float) -> Ran:
    """Return what the rows say of the run; the clock of the database is this machine's."""
    [row] = ground.database.execute(
        "SELECT extract(epoch FROM max(created_at)) - %(started)s, extract(epoch FROM max(sent_at)) - %(started)s,"
        " extract(epoch FROM max(written_at)) - %(started)s, count(*), sum(found) FROM leads_searchjob",
        {"started": started},
    ).fetchall()
    by = ground.database.execute("SELECT result_via, count(*) FROM leads_searchjob GROUP BY 1").fetchall()
    planned, last_post, written, jobs, found = row
    return Ran(
        leads=leads, planned=float(str(planned)), last_post=float(str(last_post)), written=float(str(written)),
        jobs=int(str(jobs)), found=int(str(found)), by={str(via): int(str(count)) for via, count in by},
    )  # fmt: skip


# Each line must be empty: what is wrong, and how many.
_WRONG = {
    "leads without a result": "SELECT count(*) FROM leads_lead WHERE email_status NOT IN ('valid', 'not_found')",
    "leads that differ from their search": """
        SELECT count(*) FROM leads_lead l LEFT JOIN leads_leadsearch s ON s.crm_id = l.crm_id
        WHERE s.id IS NULL OR s.effect <> 'written' OR l.email <> s.value
        OR l.email_status <> CASE s.outcome WHEN 'found' THEN 'valid' ELSE s.outcome END""",
    "leads that were searched twice": """
        SELECT count(*) FROM (SELECT crm_id FROM leads_leadsearch GROUP BY crm_id HAVING count(*) > 1) twice""",
    "jobs that did not finish": "SELECT count(*) FROM leads_searchjob WHERE state <> 'finished'",
    "events that were not processed": "SELECT count(*) FROM enrow_webhooks_webhookevent WHERE state <> 'processed'",
}


def _problems(ground: Ground, sandbox: int, leads: int) -> Iterator[str]:
    """Yield what is not as it must be, in sentences."""
    for what, query in _WRONG.items():
        [[count]] = ground.database.execute(query).fetchall()
        if count:
            yield f"{count:,} {what}."
    rows = ground.database.execute(
        "SELECT firstname || ' ' || lastname, company_domain, email FROM leads_lead"
        " ORDER BY md5(crm_id) LIMIT %s", [_COMPARED]
    )  # fmt: skip
    wrong = sum((find_email(str(name), str(domain)) or "") != email for name, domain, email in rows)
    if wrong:
        yield f"{wrong:,} of {min(_COMPARED, leads):,} leads have another e-mail than the sandbox gave."
    with urllib.request.urlopen(f"http://127.0.0.1:{sandbox}/_sandbox/state", timeout=300) as answer:
        state = json.load(answer)
    [[cost]] = ground.database.execute("SELECT sum(credits_cost) FROM leads_searchjob").fetchall()
    if float(str(cost)) != state["spent"]:
        yield f"Our jobs cost {cost}, the sandbox says {state['spent']}."
    if state["people"] != leads or state["bought_more_than_once"]:
        yield f"{state['people']:,} people were bought, {len(state['bought_more_than_once']):,} more than once."


def markdown(found: dict[str, Any], runs: Sequence[Ran]) -> str:
    """Return the tables."""
    roles = list(runs[0].uses)
    lines = [
        *report.heading("The whole run", found),
        "| leads | seconds to the end | the API's floor | leads/s | planned | last POST | by event, by poll | found |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {one.leads:,} | {one.written:.1f} | {one.floor:.1f} | {one.per_second:,.0f} | {one.planned:.1f} "
            f"| {one.last_post:.1f} | {one.by.get('event', 0)}, {one.by.get('poll', 0)} | {one.found:,} |"
            for one in runs
        ),
        "",
        "| leads | processor | " + " | ".join(roles) + " | all |",
        "|---|---|" + "---|" * (len(roles) + 1),
        *(
            f"| {one.leads:,} | µs per lead | "
            + " | ".join(f"{1e6 * one.uses[role].cpu / one.leads:.1f}" for role in roles)
            + f" | {1e6 * sum(use.cpu for use in one.uses.values()) / one.leads:.0f} |"
            for one in runs
        ),
        *(
            f"| {one.leads:,} | MB, biggest process | "
            + " | ".join(f"{one.uses[role].megabytes:.0f}" for role in roles)
            + " | |"
            for one in runs
        ),
        "",
        *(f"- {one.leads:,} leads: {problem}" for one in runs for problem in one.problems),
        *([] if any(one.problems for one in runs) else ["Every lead is right, and the ledgers are equal."]),
    ]
    return "\n".join(lines) + "\n"


def headline(runs: Sequence[Ran]) -> list[dict[str, Any]]:
    """Return the figures that stand in the picture."""
    last = runs[-1]
    aim = max(last.floor, _AIM_SECONDS * last.leads / FULL[-1])
    peak = max(use.megabytes for use in last.uses.values())
    slower = last.per_second / max(one.per_second for one in runs)
    return [
        report.figure(f"whole run of {last.leads:,} leads", last.written, "s", aim, floor=last.floor),
        report.figure("biggest process of the run", peak, "MB", _AIM_MEGABYTES),
        report.figure("leads/s at the biggest size, to the best size", slower, "x", _AIM_SLOWER),
    ]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = new_parser(__doc__, small="a minute instead of several")
    parser.add_argument("--leads", type=int, nargs="+", metavar="N", help="these sizes instead")
    parser.add_argument("--delay", type=float, default=DELAY, help="seconds that a search takes in the sandbox")
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N", help="processes of the Celery worker")
    parser.add_argument("--logs", type=Path, help="keep the logs of all programs in this folder")
    return parser.parse_args()


def main() -> None:
    """Measure and report."""
    options = arguments()
    runs: list[Ran] = []
    conditions: dict[str, Any] = {}
    for leads in options.leads or (SMALL if options.small else FULL):
        print(f"{leads:,} leads:", flush=True)
        with contextlib.ExitStack() as stack:
            folder = options.logs or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            folder.mkdir(parents=True, exist_ok=True)
            ground = stack.enter_context(
                prepared(database_url=options.database, redis_url=options.redis, folder=folder, port=free_port())
            )
            conditions = conditions or (
                report.conditions(ground, small=options.small) | report.serving(ground, middleware=True)
            )
            runs.append(run(ground, leads, delay=options.delay, workers=options.workers))
        print(f"  {runs[-1].written:.1f} s, {runs[-1].per_second:,.0f} leads/s", *runs[-1].problems, flush=True)
    conditions |= {"worker": f"prefork {options.workers}, with beat", "delay of a search": f"{options.delay} s"}
    text = markdown(conditions, runs)
    print(f"\n{text}")
    if not options.no_save:
        figures = {"headline": headline(runs), "runs": [asdict(one) for one in runs]}
        print(f"Written to {report.write('whole', conditions, figures, text)}")
    if any(one.problems for one in runs):
        raise BenchmarkError("The run is not right.")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
