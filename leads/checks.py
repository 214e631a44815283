"""System checks of the leads app's settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db.models import Model

from enrow_webhooks.checks import is_positive
from enrow_webhooks.client.inputs import clean_text
from enrow_webhooks.client.values import Kind
from enrow_webhooks.databases import created, models_of, refused, written
from leads.conf import LeadSettings

_NUMBERS = ("BATCH_SIZE", "SENDING_LEASE_SECONDS", "GIVE_UP_AFTER_HOURS")
_CREDITS = (
    *("DAILY_CREDIT_LIMIT", "USER_DAILY_CREDIT_LIMIT", "CONFIRM_ABOVE_CREDITS"),
    *("UNEXPLAINED_CREDITS", "BATCHED_DAILY_CREDITS"),
)
_SPANS = ("UNCONFIRMED_MINUTES",)
# A hundred years in days: with much more, a date in the past can no longer be computed.
_LONGEST = 36_500
_LONGEST_NAME = 100
# What nobody guesses.
_SHORTEST_TOKEN = 16


def check_leads(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Check the prices and the numbers. None stands for the default, as everywhere in ``ENROW``."""
    enrow = getattr(settings, "ENROW", {})
    if not isinstance(enrow, dict):
        return []
    given = {key: value for key, value in enrow.items() if value is not None}
    return [
        *_prices(given),
        *_numbers(given),
        *_credits(given),
        *_spans(given),
        *_reuse_days(given),
        *_environment(given),
        *_metrics_token(given),
    ]


def check_databases(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Check the product of the databases that our rows are written to, by their settings."""
    return _refused(written(_models()))


def check_connections(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """Check what only ``migrate`` and ``check --database`` may look at: the databases that get new tables."""
    return _refused(created(models_of("leads"), databases) - written(_models()))


def _models() -> list[type[Model]]:
    return models_of("leads")


def _refused(aliases: Iterable[str]) -> list[CheckMessage]:
    reason = "on others the indexes that keep a person from being bought twice may be missing"
    return list(refused(aliases, app="leads", reason=reason, code="enrow.E106"))


def _prices(enrow: dict[str, object]) -> Iterator[CheckMessage]:
    prices = enrow.get("PRICES", {})
    if not isinstance(prices, dict) or set(prices) - set(Kind) or not all(map(is_positive, prices.values())):
        yield Error(
            'ENROW["PRICES"] must give credits per kind of search.',
            hint=f"The default is {LeadSettings.defaults['PRICES']}.",
            id="enrow.E102",
        )


def _numbers(enrow: dict[str, object]) -> Iterator[CheckMessage]:
    for key in _NUMBERS:
        if not is_positive(enrow.get(key, 1)):
            yield Error(
                f'ENROW["{key}"] must be a number above zero, not {enrow[key]!r}.',
                hint="Leave it out for the default.",
                id="enrow.E103",
            )


def _credits(enrow: dict[str, object]) -> Iterator[CheckMessage]:
    for key in _CREDITS:
        if not _is_zero_or_more(enrow.get(key, 0)):
            yield Error(
                f'ENROW["{key}"] must be credits, zero or more, not {enrow[key]!r}.',
                hint='Write a number like 500 or "12.5", or leave it out: then a day has no limit, '
                "and the others have their defaults.",
                id="enrow.E104",
            )


def _spans(enrow: dict[str, object]) -> Iterator[CheckMessage]:
    for key in _SPANS:
        value = enrow.get(key, 0)
        if not _is_span(value):
            yield Error(
                f'ENROW["{key}"] must be a number from 0 to {_LONGEST:,}, not {value!r}.',
                hint="Leave it out for the default.",
                id="enrow.E105",
            )


def _reuse_days(enrow: dict[str, object]) -> Iterator[CheckMessage]:
    """Check the days per kind and outcome; what is left out has its default."""
    given, default = enrow.get("REUSE_DAYS", {}), LeadSettings.defaults["REUSE_DAYS"]
    if (
        not isinstance(given, dict)
        or set(given) - set(default)
        or not all(
            isinstance(days, dict) and set(days) <= set(default[kind]) and all(map(_is_span, days.values()))
            for kind, days in given.items()
        )
    ):
        yield Error(
            f'ENROW["REUSE_DAYS"] must give days from 0 to {_LONGEST:,} per kind of search and outcome.',
            hint=f"The default is {default}; what you leave out has its default.",
            id="enrow.E109",
        )


def _is_span(value: object) -> bool:
    return _is_zero_or_more(value) and Decimal(str(value)) <= _LONGEST


def _environment(enrow: dict[str, object]) -> Iterator[CheckMessage]:
    name = enrow.get("ENVIRONMENT", "")
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or name != clean_text(name).strip():
        yield Error(
            f'ENROW["ENVIRONMENT"] must be a name of up to {_LONGEST_NAME} characters, not {name!r}.',
            hint='Give each deployment its own, like "production" and "staging", or leave it out.',
            id="enrow.E110",
        )


def _metrics_token(enrow: dict[str, object]) -> Iterator[CheckMessage]:
    token = enrow.get("METRICS_TOKEN", "")
    if not isinstance(token, str) or (token and len(token) < _SHORTEST_TOKEN):
        # Not what it is: a secret stands in no message.
        yield Error(
            f'ENROW["METRICS_TOKEN"] must be a text of {_SHORTEST_TOKEN} characters or more.',
            hint='Make one with python -c "import secrets; print(secrets.token_urlsafe(32))", or leave it out.',
            id="enrow.E134",
        )


def _is_zero_or_more(value: object) -> bool:
    try:
        return 0 <= Decimal(str(value)) < Decimal("Infinity")
    except InvalidOperation:
        return False
