"""Each missing or unsafe setting is said once, by a stable id, in a sentence with a hint."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.core import checks as django_checks
from django.core.checks import Error

from enrow_webhooks import checks
from enrow_webhooks.checks import check_settings, is_positive
from enrow_webhooks.client.transport import is_loopback
from enrow_webhooks.conf import EnrowSettings
from tests.enrow_webhooks.support import ROOT

SECRET = "a-secret-that-is-long-enough-1"
GOOD = {"API_KEY": "k", "WEBHOOK_ORIGIN": "https://crm.example.com", "WEBHOOK_SECRETS": [SECRET]}
IMMEDIATE = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE"}}


@pytest.fixture
def databases(monkeypatch):
    """Describe another default database to the checks. Without pytest-django's signal: no connection changes."""
    return lambda default: monkeypatch.setattr(django_settings, "DATABASES", {"default": default})


@pytest.fixture
def good(settings, databases):
    """Settings that nothing is wrong with; change keys of ENROW by ``good(KEY=…)``."""
    databases(IMMEDIATE)

    def change(**keys):
        settings.ENROW = GOOD | keys
        return {message.id: message for message in check_settings()}

    return change


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"WEBHOOK_SECRETS": []},
        {"WEBHOOK_SECRETS": None},
        {"WEBHOOK_SECRETS": (SECRET,)},
        dict(EnrowSettings.defaults) | GOOD,
        dict.fromkeys(EnrowSettings.defaults) | GOOD,
        {"BASE_URL": "http://127.0.0.1:8800"},
        {"BASE_URL": "http://localhost:8800"},
        {"WEBHOOK_ORIGIN": "http://[::1]:8000"},
        {"WEBHOOK_ORIGIN": "https://crm.example.com/"},
        {"TIMEOUT": [1, 2.5]},
        {"POSTS_PER_SECOND": 1},
        {"POST_BUDGET_STORAGE": "redis://127.0.0.1:6379/0"},
        {"PAYLOAD_DAYS": "7"},
    ],
)
def test_nothing_fires_on_good_settings(good, keys):
    """A warning that always shows is one that nobody reads."""
    assert good(**keys) == {}


BAD = [
    ("E002", {"API_KEYS": "k"}, "API_KEYS", "Did you mean API_KEY?"),
    ("E002", {"api_key": "k"}, "api_key", "Did you mean API_KEY?"),
    ("E002", {"WEBHOOK_URL": "k"}, "WEBHOOK_URL", "Did you mean WEBHOOK_ORIGIN?"),
    ("E002", {"xyz": "k"}, "xyz", "Known are:"),
    ("W001", {"API_KEY": ""}, "API_KEY", "dashboard"),
    ("W001", {"API_KEY": None}, "API_KEY", "dashboard"),
    *[
        ("E003", {"BASE_URL": url}, "BASE_URL", "https")
        for url in (
            "api.enrow.io",
            "http://api.enrow.io",
            "ftp://api.enrow.io",
            "https://",
            "https://a:b@api.enrow.io",
            "https://[::1",
            "https://x:99999",
            "http://10.0.0.1",
        )
    ],
    *[
        ("E004", {"WEBHOOK_ORIGIN": url}, "WEBHOOK_ORIGIN", "http")
        for url in (
            "crm.example.com",
            "http://crm.example.com",
            "https://crm.example.com?x=1",
            "https://crm.example.com#x",
        )
    ],
    ("W002", {"WEBHOOK_ORIGIN": ""}, "WEBHOOK_ORIGIN", "origin of this site"),
    ("W002", {"WEBHOOK_ORIGIN": None}, "WEBHOOK_ORIGIN", "origin of this site"),
    ("E005", {"WEBHOOK_SECRETS": SECRET}, "WEBHOOK_SECRETS", "[secret]"),
    ("E005", {"WEBHOOK_SECRETS": 5}, "WEBHOOK_SECRETS", "[secret]"),
    ("E006", {"WEBHOOK_SECRETS": [SECRET, "short"]}, "number 2", "token_urlsafe"),
    ("E006", {"WEBHOOK_SECRETS": [SECRET + "/x"]}, "number 1", "token_urlsafe"),
    *[
        ("E007", {key: value}, key, "Leave it out")
        for key in checks._NUMBERS
        for value in (0, -1, "x", True, float("nan"), float("inf"), 0.5, [])
    ],
    *[("E008", {"TIMEOUT": value}, "TIMEOUT", "(5, 60)") for value in (30, (1,), (1, 0), ("a", "b"), "30", (1, 2, 3))],
    *[
        ("E009", {"POST_BUDGET_STORAGE": value}, "POST_BUDGET_STORAGE", "redis://")
        for value in ("nothing", "sqs://x", "")
    ],
]


@pytest.mark.parametrize(("code", "keys", "words", "hint"), BAD)
def test_a_bad_setting_is_named_with_its_remedy(good, code, keys, words, hint):
    """Exactly one message, with a stable id; it never shows a secret."""
    found = good(**keys)
    assert list(found) == [f"enrow.{code}"]
    message = found[f"enrow.{code}"]
    assert words in message.msg
    assert hint in message.hint
    assert isinstance(message, Error) is code.startswith("E")
    assert SECRET not in f"{message.msg}{message.hint}"


@pytest.mark.parametrize(
    "keys",
    [
        {"BASE_URL": f"https://me:{SECRET}@api.enrow.io"},
        {"BASE_URL": f"http://me:{SECRET}@api.enrow.io"},
        {"WEBHOOK_ORIGIN": f"https://me:{SECRET}@crm.example.com"},
        {"POST_BUDGET_STORAGE": f"nothing://me:{SECRET}@redis:6379/0"},
        {"POST_BUDGET_STORAGE": f"redis+nothing://:{SECRET}@redis:6379/0"},
    ],
)
def test_a_message_shows_no_password_of_an_address(good, keys):
    """What ``check`` prints ends in the log of the build."""
    messages = good(**keys).values()
    assert messages
    assert not [message for message in messages if SECRET in f"{message.msg}{message.hint}"]


def test_plain_http_is_for_one_named_host(good):
    """A sandbox in another container is named; everything else stays refused."""
    assert good(BASE_URL="http://sandbox:8787", SANDBOX_HOST="sandbox") == {}
    assert list(good(BASE_URL="http://sandbox:8787", SANDBOX_HOST="other")) == ["enrow.E003"]


@pytest.mark.parametrize("seconds", [0, -1, "x", True, float("inf"), 241, 1e999])
def test_a_deadline_ends_before_a_worker_counts_as_dead(good, seconds):
    """Else another worker would take the job while this one still waits."""
    assert list(good(DEADLINE_SECONDS=seconds)) == ["enrow.E012"]


@pytest.mark.parametrize("enrow", [None, "key", ["API_KEY"], 5])
def test_enrow_must_be_a_dict(settings, enrow):
    """Then nothing else can be said."""
    settings.ENROW = enrow
    assert [message.id for message in check_settings()] == ["enrow.E001"]


def test_a_project_that_forgot_the_urls_is_told(good, settings):
    """Without them no event arrives."""
    settings.ROOT_URLCONF = "tests.enrow_webhooks.urls_empty"
    assert list(good()) == ["enrow.W003"]


@pytest.mark.parametrize(
    ("database", "code"),
    [
        ({"ENGINE": "django.db.backends.postgresql"}, "enrow.W005"),
        ({"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0, "OPTIONS": {}}, "enrow.W005"),
        ({"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60}, None),
        ({"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}, None),
        ({"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"pool": True}}, None),
        ({"ENGINE": "django.db.backends.sqlite3"}, "enrow.W006"),
        ({"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": None}}, "enrow.W006"),
        ({"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "immediate"}}, None),
    ],
)
def test_a_database_that_hurts_is_named(settings, databases, database, code):
    """Slow connections on PostgreSQL, locks on SQLite."""
    settings.ENROW = GOOD
    databases(database)
    found = check_settings()
    assert [message.id for message in found] == ([code] if code else [])
    assert all("'default'" in message.msg for message in found)


NO_CELERY = """
import django
django.setup()
from enrow_webhooks.checks import check_settings
print([message.id for message in check_settings()])
"""


@pytest.mark.slow
def test_a_project_without_celery_is_told(tmp_path):
    """Nothing would work in the background."""
    (tmp_path / "bare.py").write_text(
        "SECRET_KEY = 'x'\nUSE_TZ = True\nINSTALLED_APPS = ['enrow_webhooks']\nROOT_URLCONF = 'bare_urls'\n"
        "ENROW = {'API_KEY': 'k', 'WEBHOOK_ORIGIN': 'https://crm.example.com'}\n"
    )
    (tmp_path / "bare_urls.py").write_text(
        "from django.urls import include, path\n"
        "urlpatterns = [path('webhooks/enrow/', include('enrow_webhooks.urls'))]\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "bare", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", NO_CELERY],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("['enrow.W004']", "")


def test_the_checks_run_with_the_project():
    """``manage.py check`` knows them."""
    assert check_settings in django_checks.registry.registry.get_checks()


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.evil.io", False),
        ("", False),
        (None, False),
    ],
)
def test_only_this_machine_may_speak_plain_http(host, here):
    """A lookalike of localhost is another machine."""
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (1, True),
        ("0.25", True),
        (0.5, True),
        (0, False),
        (-1, False),
        ("NaN", False),
        ("Infinity", False),
        (True, False),
        (None, False),
    ],
)
def test_a_positive_number_is_finite(value, good):
    """Flags, infinity and what is no number are none."""
    assert is_positive(value) is good
