"""What a user can set, when the sandbox starts and while it runs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Annotated, Any, TypedDict, get_type_hints

from enrow_webhooks.sandbox import chaos as chaos_switches
from enrow_webhooks.sandbox import facts as facts_spelling
from enrow_webhooks.sandbox import readers
from enrow_webhooks.sandbox.facts import credits_from
from enrow_webhooks.sandbox.profiles import CURRENT, Profile, values_of, with_facts
from enrow_webhooks.sandbox.special import KEYS, Key


@dataclass(frozen=True, slots=True)
class Told:
    """What stands beside the type of a setting: its meaning, and what reads it."""

    meaning: str
    read: Callable[[str, object], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole behaviour of one sandbox. Times are seconds."""

    credits: Annotated[Decimal, Told("the balance at the start and after a reset", credits_from)] = Decimal(1000)
    paygo: Annotated[
        Decimal, Told("the part of the credits beside the subscription, which is drained last", credits_from)
    ] = Decimal(0)
    delay: Annotated[float, Told("how long a search runs; 0 ends it at once", readers.seconds)] = 0.0
    profile: Annotated[Profile, Told("the name of a profile: a value for every fact", readers.profile)] = CURRENT
    chaos: Annotated[
        Mapping[chaos_switches.Switch, float], Told("what goes wrong, each with its probability", readers.chaos)
    ] = field(default_factory=dict)
    seed: Annotated[int, Told("repeats what chaos and the facts decide by lot", readers.count)] = 0
    rate: Annotated[float | None, Told("POSTs a second per key; null or 0 for no limit", readers.rate)] = 10.0
    webhooks: Annotated[
        tuple[str, ...], Told("the dashboard's URLs, used for requests that name none", readers.texts)
    ] = ()
    keys: Annotated[
        frozenset[str] | None,
        Told("the valid keys; null takes every key but the special ones", readers.text_set_or_all),
    ] = None
    no_phone_keys: Annotated[frozenset[str], Told("keys of plans without phone search", readers.text_set)] = frozenset()
    phone_allowed: Annotated[bool, Told("whether the plan of the account has the phone search", readers.flag)] = True
    allow_loopback_http: Annotated[
        bool, Told("whether events go to http:// on this machine, too; elsewhere they need https", readers.flag)
    ] = True
    duplicates: Annotated[int, Told("how often duplicate sends one event", readers.count)] = 3
    late_seconds: Annotated[float, Told("how late late is", readers.seconds)] = 5.0
    slow_seconds: Annotated[float, Told("how long slow takes for one body", readers.seconds)] = 1.0
    reorder_window: Annotated[
        int, Told("how many events reorder lets pass, or holds back, before it lets go", readers.count)
    ] = 3
    reorder_seconds: Annotated[float, Told("when reorder lets go at the latest", readers.seconds)] = 2.0
    webhook_timeout: Annotated[float, Told("how long a receiver may take to answer", readers.seconds)] = 10.0
    unknown_gets: Annotated[int, Told("how many GETs of a search unknown-for-a-while hides", readers.count)] = 3
    slow_get_seconds: Annotated[float, Told("how long slow-get waits before it answers", readers.seconds)] = 1.0
    drip_seconds: Annotated[float, Told("how long dripping-get takes for one body", readers.seconds)] = 5.0
    huge_megabytes: Annotated[int, Told("how many megabytes huge-answer adds", readers.count)] = 64

    def refusal_of(self, key: str, *, is_phone: bool) -> Key | None:
        """Return how this key is refused, or None; ``is_phone`` for the paths of the phone search."""
        special = KEYS.get(key)
        if special is not None and (is_phone or not special.phones_only):
            return special
        if self.keys is not None and key not in self.keys:
            return KEYS["bad-key"]
        has_no_phones = not self.phone_allowed or key in self.no_phone_keys
        return KEYS["no-phone-key"] if is_phone and has_no_phones else None


KNOWN: dict[str, Told] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Settings, include_extras=True).items()
}


class Changes(TypedDict, total=False):
    """Settings as a caller may write them: texts, lists and numbers as JSON has them will do.

    ``facts`` flips single facts of the profile.
    """

    credits: Decimal | int | float | str
    paygo: Decimal | int | float | str
    delay: float
    profile: Profile | str
    facts: facts_spelling.Written
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
    unknown_gets: int
    slow_get_seconds: float
    drip_seconds: float
    huge_megabytes: int


def changed(settings: Settings, changes: Changes) -> Settings:
    """Return the settings with the changes. Raises ValueError, in a sentence, for an unknown name or a wrong value."""
    wanted: dict[str, object] = dict(changes)
    facts = wanted.pop("facts", {})
    for name in wanted:
        if name not in KNOWN:
            raise ValueError(f"There is no setting {name!r}. Known settings: {', '.join([*KNOWN, 'facts'])}.")
    values: dict[str, Any] = {name: KNOWN[name].read(name, value) for name, value in wanted.items()}
    result = replace(settings, **values)
    return replace(result, profile=with_facts(result.profile, facts))


def as_json(settings: Settings) -> dict[str, object]:
    """Return the settings as JSON values, which ``changed`` takes back."""
    values: dict[str, object] = {name: getattr(settings, name) for name in KNOWN}
    values |= {"credits": str(settings.credits), "paygo": str(settings.paygo), "profile": settings.profile.name}
    values |= {"facts": {name: _plain(value) for name, value in values_of(settings.profile).items()}}
    values |= {"chaos": dict(settings.chaos), "webhooks": list(settings.webhooks)}
    values |= {"no_phone_keys": sorted(settings.no_phone_keys)}
    return values | {"keys": None if settings.keys is None else sorted(settings.keys)}


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value
