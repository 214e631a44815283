"""Fixtures that every test may use. Enrow is always the sandbox, over real HTTP."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import hypothesis
import pytest

from enrow_webhooks.inbox import processing
from enrow_webhooks.inbox.rejections import counting
from enrow_webhooks.sandbox.server import SandboxServer
from leads.management import choosing
from leads.mapping import Registry, registry
from leads.models import Lead, SearchJob
from leads.outbox import submission
from leads.results import waiting, writeback
from leads.upkeep.sweep import sweep
from tests import services, wheels

# Nothing is timed: a busy machine is no failure. And CI tells of the change that it runs for, not of chance.
hypothesis.settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")

PAYLOADS = Path(__file__).parent / "payloads"


def pytest_runtest_setup(item):
    """Skip a test whose server does not answer and say how to start it; on CI nothing is skipped, it fails."""
    for name in services.ANSWERS:
        if item.get_closest_marker(name) and (reason := services.why_not(name)):
            (pytest.fail if services.must_run(name) else pytest.skip)(reason)


@pytest.fixture
def redis_url():
    """Where the Redis of the tests answers; for tests that are marked ``redis``."""
    return services.REDIS_URL


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built from this checkout."""
    return wheels.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def python(wheel, tmp_path_factory):
    """The Python of a new environment in which the wheel is installed."""
    return wheels.install(wheel, tmp_path_factory.mktemp("venv"))


def payload(name: str) -> dict:
    """Return a documented body, like ``webhooks/single_search_finished``."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def enrow(settings):
    """Change keys of ENROW for one test: ``enrow(API_KEY="…")``."""

    def change(**keys):
        settings.ENROW = settings.ENROW | keys

    return change


@pytest.fixture(autouse=True)
def nothing_counted():
    """What one test counted in memory does not reach the rows, or the log, of another."""
    yield
    counting.forget()


@pytest.fixture(autouse=True)
def only_leads_lead(monkeypatch):
    """Without --model, commands are about leads.Lead, as in a project that maps nothing else."""
    some = Registry()
    some.add(registry.of(Lead))
    monkeypatch.setattr(choosing, "registry", some)


@pytest.fixture
def sandbox(enrow):
    """The fake Enrow, on a real port; no delay, no rate limit, plenty of credits."""
    with SandboxServer(port=0, credits=Decimal(100_000), delay=0.0, rate=None) as server:
        enrow(BASE_URL=server.url, API_KEY="sandbox-key", WEBHOOK_ORIGIN="")
        yield server.sandbox


@pytest.fixture
def site(live_server, sandbox, enrow):
    """The sandbox and this site, both over HTTP: events really arrive."""
    enrow(WEBHOOK_ORIGIN=live_server.url)
    return sandbox


@pytest.fixture
def make_leads(db):
    """Create leads that can be searched: ``make_leads(3)``; keyword arguments set fields of all of them."""

    def make(count=1, prefix="lead", **fields):
        people = [
            {
                "crm_id": f"{prefix}-{number}",
                "firstname": f"Ann{number}",
                "lastname": "Somebody",
                "company_domain": f"firm{number}.com",
                "linkedin_url": f"https://www.linkedin.com/in/ann{number}-somebody/",
            }
            | fields
            for number in range(count)
        ]
        return Lead.objects.bulk_create(Lead(**person) for person in people)

    return make


def work(sandbox, *, seconds: float = 20.0) -> None:
    """Do what workers do until nothing moves: send, let events arrive, process them."""
    deadline = time.monotonic() + seconds
    while True:
        sent = submission.submit_next()
        assert sandbox.wait_until_idle(timeout=10), "the sandbox still delivers"
        done = processing.drain() + waiting.write_waiting()
        if not (sent or done):
            return
        assert time.monotonic() < deadline, "work never ends"


def due_now() -> None:
    """Let the time of every job's next check be come."""
    SearchJob.objects.update(next_check_at=SearchJob.objects.order_by("created_at").values("created_at")[:1])


def finish(sandbox) -> None:
    """Send everything and poll it to its end, without events; writing a second time must change nothing."""
    for _ in range(3):
        work(sandbox)
        due_now()
        sweep()
    assert not SearchJob.objects.filter(state__in=["queued", "running"]).exists()
    assert not any(writeback.write(job.pk) for job in SearchJob.objects.all()), "writing twice changed a lead"
