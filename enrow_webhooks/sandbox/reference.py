"""Everything that a user can type to the sandbox, in one place: what ``--help`` and ``docs/sandbox.md`` have to name.

Nothing is written here twice. Each section walks the table that the code acts on.
"""

import textwrap
from collections.abc import Mapping

from enrow_webhooks.sandbox import chaos, control, profiles, special
from enrow_webhooks.sandbox.facts import Fact
from enrow_webhooks.sandbox.profiles import FACTS, PROFILES
from enrow_webhooks.sandbox.settings import KNOWN

# A terminal's usual width, and where the second column begins.
_WIDTH, _COLUMN = 100, 32


def sections() -> dict[str, Mapping[str, str]]:
    """Return what can be typed, by heading: each entry with its meaning."""
    return {
        "profiles, for --profile NAME": profiles.MEANINGS,
        "facts, for --fact NAME or NAME=VALUE": {_spelled(fact): _described(fact) for fact in FACTS.values()},
        "chaos, for --chaos NAME or NAME=PROBABILITY": {str(name): told for name, told in chaos.MEANINGS.items()},
        "special keys": {key.text: key.meaning for key in special.KEYS.values()},
        "special words, as in Ann Nobody, /in/ann-nobody/ and ann.nobody@": {
            str(word): meaning for word, meaning in special.WORDS.items()
        },
        "special local parts": special.LOCAL_PARTS,
        "special company domains": special.DOMAINS,
        "control addresses, on the sandbox's own port": {
            name: address.meaning for name, address in control.ADDRESSES.items()
        },
        "settings, for POST /_sandbox/settings": {
            **{name: told.meaning for name, told in KNOWN.items()},
            "facts": "single facts on top of the profile",
        },
    }


def as_text() -> str:
    """Return all sections for a terminal."""
    return "\n\n".join(
        "\n".join([f"{heading}:", *(_line(name, meaning) for name, meaning in entries.items())])
        for heading, entries in sections().items()
    )


def spelled(value: object) -> str:
    """Return a value of a fact as a user types it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spelled(fact: Fact) -> str:
    return f"{fact.name}={spelled(fact.usual)}"


def _described(fact: Fact) -> str:
    """Return the meaning of a fact, its choices, and what the profiles have that differ."""
    choices = f" ({', '.join(map(spelled, fact.choices))})" if fact.choices else ""
    usual = getattr(PROFILES["current"], fact.name)
    values = {name: getattr(profile, fact.name) for name, profile in PROFILES.items()}
    others = ", ".join(f"{name} {spelled(value)}" for name, value in values.items() if value != usual)
    return f"{fact.meaning}{choices}" + (f"; {others}" if others else "")


def _line(name: str, meaning: str) -> str:
    beginning = f"  {name}".ljust(_COLUMN)
    if len(name) > _COLUMN - 4:
        beginning = f"  {name}\n" + " " * _COLUMN
    lines = textwrap.wrap(meaning, _WIDTH - _COLUMN)
    return beginning + ("\n" + " " * _COLUMN).join(lines)
