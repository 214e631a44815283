"""One label, one app: tables, migrations, permissions and URLs of this app are named by ``leads``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

# Looking at the others makes their AppConfigs, and ours once more.
_is_looking = ContextVar("is_looking", default=False)


def refuse_another(own: AppConfig, label: str, installed: Sequence[str | AppConfig]) -> None:
    """Raise ImproperlyConfigured where another installed app has the label, wherever it stands in the list.

    Django itself stops at whichever comes second, with a sentence that names neither, before any system check runs.
    """
    if own.label != label:
        raise ImproperlyConfigured(
            f"{_name(own)} gives the app {own.name!r} the label {own.label!r}. Its tables, migrations and URLs are "
            f"named by the label {label!r}: leave the label as it is."
        )
    if _is_looking.get():
        return
    token = _is_looking.set(True)
    try:
        found = [(entry, config) for entry, config in _configs(installed) if config.label == label]
    finally:
        _is_looking.reset(token)
    if len(found) > 1:
        names = " and ".join(f"{entry!r} ({_name(config)}, in {config.path})" for entry, config in found)
        raise ImproperlyConfigured(
            f"Two entries of INSTALLED_APPS are apps with the label {label!r}: {names}. django-enrow's tables, "
            "migrations and URLs are named by this label, so there is no way round: one of the two must go, or yours "
            "gets another label (AppConfig.label), which renames its tables."
        )


def _configs(installed: Sequence[str | AppConfig]) -> Iterator[tuple[str, AppConfig]]:
    """Yield the AppConfig of each entry; one that cannot be made is left to Django, which says why at its place."""
    for entry in installed:
        try:
            yield str(entry), entry if isinstance(entry, AppConfig) else AppConfig.create(entry)
        except Exception:  # noqa: BLE001, S112 - whatever another app raises, Django raises it at its place
            continue


def _name(config: AppConfig) -> str:
    return f"{type(config).__module__}.{type(config).__qualname__}"
