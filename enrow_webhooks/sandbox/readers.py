"""Reads what a caller wrote for a setting: JSON values, texts and Python's own. A wrong value is a sentence."""

from collections.abc import Iterable, Mapping

from enrow_webhooks.sandbox import chaos as chaos_switches
from enrow_webhooks.sandbox.profiles import Profile, profile_named


def profile(_: str, value: object) -> Profile:
    """Read a profile, or the name of one."""
    return value if isinstance(value, Profile) else profile_named(str(value))


def chaos(_: str, value: object) -> Mapping[chaos_switches.Switch, float]:
    """Read switches with their probabilities."""
    if isinstance(value, str | Mapping | list | tuple | set | frozenset):
        return chaos_switches.parse(value)
    raise ValueError(f"chaos must be switches like 'duplicate,late=0.5', not {value!r}.")


def texts(name: str, value: object) -> tuple[str, ...]:
    """Read a list of texts; one text is a list of its own."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Iterable):
        return tuple(str(item) for item in value)
    raise ValueError(f"{name} must be a list of texts, not {value!r}.")


def text_set(name: str, value: object) -> frozenset[str]:
    """Read texts whose order does not matter."""
    return frozenset(texts(name, value))


def text_set_or_all(name: str, value: object) -> frozenset[str] | None:
    """Read texts, or None for all that there are."""
    return None if value is None else text_set(name, value)


def flag(name: str, value: object) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"{name} must be true or false, not {value!r}.")


def seconds(name: str, value: object) -> float:
    """Read a time, 0 or more."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise ValueError(f"{name} must be a number that is not negative, not {value!r}.")


def rate(name: str, value: object) -> float | None:
    """Read a number per second; None and 0 are no limit."""
    return None if value is None else seconds(name, value) or None


def count(name: str, value: object) -> int:
    """Read a whole number, 0 or more."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"{name} must be a whole number that is not negative, not {value!r}.")
