"""What a user can set, when the sandbox starts and while it runs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, TypedDict

from enrow_webhooks.sandbox import chaos as chaos_switches
from enrow_webhooks.sandbox.profiles import CURRENT, Profile, credits_from, profile_named, with_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole behaviour of one sandbox. Times are seconds."""

    credits: Decimal = Decimal(1000)
    """Balance at the start and after a reset."""
    paygo: Decimal = Decimal(0)
    """The part of the credits that lies beside the subscription and is drained last."""
    delay: float = 0.0
    """How long a search runs; 0 ends it at once."""
    profile: Profile = CURRENT
    chaos: Mapping[chaos_switches.Switch, float] = field(default_factory=dict)
    """Probability per switch."""
    seed: int = 0
    """Repeats the decisions of chaos."""
    rate: float | None = 10.0
    """POST a second per key; None, or 0 in a change, for no limit."""
    webhooks: tuple[str, ...] = ()
    """The dashboard's default URLs, used when a request names none."""
    keys: frozenset[str] | None = None
    """The valid keys; None accepts every key but ``bad-key``."""
    no_phone_keys: frozenset[str] = frozenset()
    """Keys whose plan has no phone search; ``no-phone-key`` is always one."""
    phone_allowed: bool = True
    """Whether the plan of the account has the phone search."""
    allow_loopback_http: bool = True
    """Deliver to ``http://`` on this machine; every other URL has to be https."""
    duplicates: int = 3
    """How often ``duplicate`` sends one notice."""
    late_seconds: float = 5.0
    slow_seconds: float = 1.0
    """How long ``slow`` takes for one body."""
    reorder_window: int = 3
    """How many notices ``reorder`` lets pass, or holds back, before it lets go."""
    reorder_seconds: float = 2.0
    """When ``reorder`` lets go at the latest."""
    webhook_timeout: float = 10.0
    """How long a receiver may take to answer."""

    def accepts(self, key: str) -> bool:
        """Tell whether this key is valid."""
        return key != "bad-key" and (self.keys is None or key in self.keys)

    def allows_phone(self, key: str) -> bool:
        """Tell whether the plan behind this key has the phone search."""
        return self.phone_allowed and key != "no-phone-key" and key not in self.no_phone_keys


class Changes(TypedDict, total=False):
    """Settings as a caller may write them: texts, lists and numbers as JSON has them will do.

    ``facts`` flips single facts of the profile.
    """

    credits: Decimal | int | float | str
    paygo: Decimal | int | float | str
    delay: float
    profile: Profile | str
    facts: Mapping[str, Any]
    chaos: str | Iterable[str] | Mapping[str, float]
    seed: int
    rate: float | None
    webhooks: Iterable[str]
    keys: Iterable[str] | None
    no_phone_keys: Iterable[str]
    phone_allowed: bool
    allow_loopback_http: bool
    duplicates: int
    late_seconds: float
    slow_seconds: float
    reorder_window: int
    reorder_seconds: float
    webhook_timeout: float


def changed(settings: Settings, changes: Changes) -> Settings:
    """Return the settings with the changes. Raises ValueError, in a sentence, for an unknown name or a wrong value."""
    wanted: dict[str, object] = dict(changes)
    facts = wanted.pop("facts", None)
    known = [entry.name for entry in fields(Settings)]
    for name in wanted:
        if name not in known:
            raise ValueError(f"There is no setting {name!r}. Known settings: {', '.join([*known, 'facts'])}.")
    values: dict[str, Any] = {name: _READERS[name](name, value) for name, value in wanted.items()}
    result = replace(settings, **values)
    if not isinstance(facts, Mapping):
        return result
    return replace(result, profile=with_facts(result.profile, facts))


def as_json(settings: Settings) -> dict[str, object]:
    """Return the settings as JSON values."""
    values: dict[str, object] = {entry.name: getattr(settings, entry.name) for entry in fields(Settings)}
    values |= {"credits": str(settings.credits), "paygo": str(settings.paygo), "profile": settings.profile.name}
    values |= {"chaos": dict(settings.chaos), "webhooks": list(settings.webhooks)}
    values |= {"no_phone_keys": sorted(settings.no_phone_keys)}
    return values | {"keys": None if settings.keys is None else sorted(settings.keys)}


def _profile(_: str, value: object) -> Profile:
    return value if isinstance(value, Profile) else profile_named(str(value))


def _chaos(_: str, value: object) -> Mapping[chaos_switches.Switch, float]:
    if isinstance(value, str | Mapping | list | tuple | set | frozenset):
        return chaos_switches.parse(value)
    raise ValueError(f"chaos must be switches like 'duplicate,late=0.5', not {value!r}.")


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Iterable):
        return tuple(str(item) for item in value)
    raise ValueError(f"{name} must be a list of texts, not {value!r}.")


def _set(name: str, value: object) -> frozenset[str]:
    return frozenset(_texts(name, value))


def _set_or_all(name: str, value: object) -> frozenset[str] | None:
    return None if value is None else _set(name, value)


def _flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{name} must be true or false, not {value!r}.")


def _seconds(name: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise ValueError(f"{name} must be a number that is not negative, not {value!r}.")


def _rate(name: str, value: object) -> float | None:
    return None if value is None else _seconds(name, value) or None


def _count(name: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"{name} must be a whole number that is not negative, not {value!r}.")


_READERS: dict[str, Callable[[str, object], object]] = {
    "credits": credits_from,
    "paygo": credits_from,
    "delay": _seconds,
    "profile": _profile,
    "chaos": _chaos,
    "seed": _count,
    "rate": _rate,
    "webhooks": _texts,
    "keys": _set_or_all,
    "no_phone_keys": _set,
    "phone_allowed": _flag,
    "allow_loopback_http": _flag,
    "duplicates": _count,
    "late_seconds": _seconds,
    "slow_seconds": _seconds,
    "reorder_window": _count,
    "reorder_seconds": _seconds,
    "webhook_timeout": _seconds,
}
