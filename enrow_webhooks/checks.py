"""System checks: each missing or unsafe setting, with a stable id, a sentence and a hint."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.urls import NoReverseMatch, reverse
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from enrow_webhooks.client.transport import is_protected
from enrow_webhooks.conf import Section, enrow_settings
from enrow_webhooks.databases import created, models_of, refused, written
from enrow_webhooks.shadowing import shadow_of
from enrow_webhooks.task_backends import why_not
from enrow_webhooks.wake import celery_is_set_up

_SHORTEST_SECRET = 24
# A worker may take 300 seconds over a job; what lasts longer another one takes over.
_LONGEST_SECONDS = 240
# The other package of this distribution. Its name is a common word, and may be one of the project's own.
_OTHER_PACKAGE = "leads"


def check_settings(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Run every check below."""
    enrow = getattr(settings, "ENROW", {})
    if not isinstance(enrow, dict):
        return [Error("ENROW must be a dict.", hint='Write ENROW = {"API_KEY": "…"}.', id="enrow.E001")]
    return [message for check in CHECKS for message in check(enrow)]


def check_databases(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Check the product of each database that our rows are written to."""
    return _refused(written(models_of("enrow_webhooks")))


def check_new_databases(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """Check the product of those, too, that ``migrate`` is about to make our tables in."""
    models = models_of("enrow_webhooks")
    return _refused(created(models, databases) - written(models))


def _refused(aliases: Iterable[str]) -> list[CheckMessage]:
    reason = "on others an event may not be stored, or stored twice"
    return list(refused(aliases, app="enrow_webhooks", reason=reason, code="enrow.E010"))


def _names(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    for key in sorted(set(map(str, enrow)) - set(Section.known)):
        near = difflib.get_close_matches(key.upper(), Section.known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(sorted(Section.known))}."
        yield Error(f'ENROW["{key}"] is not a setting.', hint=hint, id="enrow.E002")


def _api_key(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    if not enrow.get("API_KEY"):
        yield CheckWarning(
            'ENROW["API_KEY"] is blank: no search can be sent.',
            hint="Copy the key from Enrow's dashboard, or use any text with the sandbox.",
            id="enrow.W001",
        )


def without_password(url: str) -> str:
    """Return the address as it may be shown: without whatever stands before an @."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}…@{rest.rpartition('@')[2]}" if "@" in rest else url


def _url(key: str, url: str, code: str, *, sandbox_host: str = "") -> Iterator[CheckMessage]:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or parts.username:
        yield Error(
            f'ENROW["{key}"] is not the address of a site: {without_password(url)!r}.',
            hint="Write it like https://crm.example.com.",
            id=f"enrow.E{code}",
        )
    elif not is_protected(url, sandbox_host=sandbox_host):
        yield Error(
            f'ENROW["{key}"] is not https: {without_password(url)!r}.',
            hint="Enrow speaks https; plain http is for a sandbox on this machine, or on the host in SANDBOX_HOST.",
            id=f"enrow.E{code}",
        )


def _base_url(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    yield from _url("BASE_URL", enrow_settings.base_url, "003", sandbox_host=enrow_settings.sandbox_host)


def _origin(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    if enrow_settings.webhook_origin:
        yield from _url("WEBHOOK_ORIGIN", enrow_settings.webhook_origin, "004")
    else:
        yield CheckWarning(
            'ENROW["WEBHOOK_ORIGIN"] is blank: results are only fetched by polling.',
            hint="Set it to the public https origin of this site, like https://crm.example.com.",
            id="enrow.W002",
        )


def _secrets(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    secrets = enrow.get("WEBHOOK_SECRETS") or ()
    if isinstance(secrets, str) or not isinstance(secrets, Iterable):
        yield Error('ENROW["WEBHOOK_SECRETS"] must be a list.', hint="Write [secret], not secret.", id="enrow.E005")
        return
    for number, secret in enumerate(secrets, start=1):
        if len(str(secret)) < _SHORTEST_SECRET or "/" in str(secret):
            yield Error(
                f'ENROW["WEBHOOK_SECRETS"] number {number} is too short or has a slash.',
                hint='Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))".',
                id="enrow.E006",
            )


def _urls(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    try:
        reverse("enrow_webhooks:webhook", args=["token"])
    except NoReverseMatch:
        yield CheckWarning(
            "No URL of this site receives Enrow's events.",
            hint='Add path("webhooks/enrow/", include("enrow_webhooks.urls")) to the root urls.py.',
            id="enrow.W003",
        )


def _background(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    chosen = enrow.get("TASK_BACKEND")
    if chosen is None and not celery_is_set_up():
        yield CheckWarning(
            "This project has no Celery app: nothing works in the background.",
            hint="Make one as docs/tutorial.md shows, or keep 'manage.py enrow_sweep --every 2' running.",
            id="enrow.W004",
        )
    if problem := why_not(chosen):
        yield Error(
            f'ENROW["TASK_BACKEND"]: {problem}',
            hint="Choose 'celery', 'django' (6.0 and later), 'none' (then 'manage.py enrow_sweep --every 2' does the "
            "work), or the dotted name of a function that gets the name of a task.",
            id="enrow.E011",
        )


def _databases(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    for alias, database in settings.DATABASES.items():
        engine, options = str(database.get("ENGINE", "")), database.get("OPTIONS") or {}
        if "postgres" in engine and database.get("CONN_MAX_AGE", 0) == 0 and not options.get("pool"):
            yield CheckWarning(
                f"The database {alias!r} opens a connection for every request: events are stored ten times slower.",
                hint='Set CONN_MAX_AGE (say 60), or OPTIONS["pool"].',
                id="enrow.W005",
            )
        if engine.endswith("sqlite3") and str(options.get("transaction_mode")).upper() != "IMMEDIATE":
            yield CheckWarning(
                f"The SQLite database {alias!r} answers 'database is locked' when a worker and the site write at once.",
                hint='Set OPTIONS = {"transaction_mode": "IMMEDIATE", "timeout": 20, '
                '"init_command": "PRAGMA journal_mode=WAL;"}.',
                id="enrow.W006",
            )


def _shadow(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    if shadow := shadow_of(_OTHER_PACKAGE):
        found, ours = shadow
        yield CheckWarning(
            f"'import {_OTHER_PACKAGE}' finds {found}, which hides django-enrow's own in {ours}.",
            hint="django-enrow's app and yours have one name; the first on sys.path wins. Yours must get another name, "
            f"or {_OTHER_PACKAGE} cannot be used; enrow_webhooks works alone.",
            id="enrow.W007",
        )


def _deadline(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    value = enrow.get("DEADLINE_SECONDS")
    if value is not None and not (is_positive(value) and Decimal(str(value)) <= _LONGEST_SECONDS):
        yield Error(
            f'ENROW["DEADLINE_SECONDS"] must be seconds above zero, up to {_LONGEST_SECONDS}, not {value!r}.',
            hint="Leave it out for the default.",
            id="enrow.E012",
        )


_NUMBERS = ("POSTS_PER_SECOND", "MAX_BODY_BYTES", "EVENT_LEASE_SECONDS", "EVENT_MAX_ATTEMPTS", "PAYLOAD_DAYS")


def _numbers(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    for key in _NUMBERS:
        value = enrow.get(key)
        if value is not None and not (is_positive(value) and Decimal(str(value)) % 1 == 0):
            yield Error(
                f'ENROW["{key}"] must be a whole number above zero, not {value!r}.',
                hint="Leave it out for the default.",
                id="enrow.E007",
            )


def _timeout(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    value = enrow.get("TIMEOUT")
    is_pair = isinstance(value, tuple | list) and len(value) == 2 and all(map(is_positive, value))
    if value is not None and not is_pair:
        yield Error(
            f'ENROW["TIMEOUT"] must be two numbers of seconds, not {value!r}.',
            hint="Write (5, 60): seconds to connect, and between two bytes of an answer.",
            id="enrow.E008",
        )


def _budget(enrow: dict[str, Any]) -> Iterator[CheckMessage]:
    try:
        storage_from_string(enrow_settings.post_budget_storage)
    except (ConfigurationError, ValueError):
        # The library's own words quote the address, and its password.
        shown = without_password(enrow_settings.post_budget_storage)
        yield Error(
            f'ENROW["POST_BUDGET_STORAGE"] is no storage of the limits library: {shown!r}.',
            hint="Write redis://host:6379/0 (one budget for all workers), or leave it out.",
            id="enrow.E009",
        )


def is_positive(value: object) -> bool:
    """Tell whether the value is a number above zero, and one that can be reached."""
    try:
        return not isinstance(value, bool) and 0 < Decimal(str(value)) < Decimal("Infinity")
    except InvalidOperation:
        return False


CHECKS: tuple[Callable[[dict[str, Any]], Iterator[CheckMessage]], ...] = (
    _names,
    _api_key,
    _base_url,
    _origin,
    _secrets,
    _urls,
    _background,
    _databases,
    _numbers,
    _timeout,
    _deadline,
    _budget,
    _shadow,
)
