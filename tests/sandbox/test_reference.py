"""What users can find: ``docs/sandbox.md`` and ``--help`` name everything that can be typed, with its meaning.

Both are compared with the tables that the code acts on. A new fact, switch, key, word, domain, address or setting makes
these tests fail until it is documented; the message is what has to be pasted.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management.base import BaseCommand

from enrow_webhooks.management.commands.enrow_sandbox import Command
from enrow_webhooks.sandbox import chaos, control, profiles, reference, settings, special
from enrow_webhooks.sandbox.profiles import FACTS, PROFILES
from enrow_webhooks.sandbox.reference import spelled

DOCS = Path(__file__).parents[2] / "docs" / "sandbox.md"

NAMES = {
    "profile": list(profiles.PROFILES),
    "fact": list(FACTS),
    "chaos": [str(switch) for switch in chaos.Switch],
    "special key": list(special.KEYS),
    "special word": [str(word) for word in special.Word],
    "special local part": [special.BOUNCE, special.OK],
    "special domain": [special.FAILED_DOMAIN, special.REFUSED_DOMAIN],
    "control address": list(control.ADDRESSES),
    "setting": [*settings.KNOWN, *settings.Changes.__annotations__],
}
EACH = [(kind, name) for kind, names in NAMES.items() for name in names]


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def told() -> str:
    """What ``--help`` says, without its line breaks."""
    return in_one_line(Command().create_parser("manage.py", "enrow_sandbox").format_help())


def rows() -> Iterator[str]:
    """Yield each line of the tables in the documentation."""
    for fact in FACTS.values():
        values = " | ".join(f"`{spelled(getattr(profile, fact.name))}`" for profile in PROFILES.values())
        choices = f" ({', '.join(map(spelled, fact.choices))})" if fact.choices else ""
        yield f"| `{fact.name}` | {fact.meaning}{choices} | {values} | {fact.source} |"
    for heading, entries in reference.sections().items():
        if not heading.startswith("facts"):
            yield from (f"| `{name}` | {meaning} |" for name, meaning in entries.items())


def test_the_documentation_has_every_entry_word_for_word() -> None:
    """Each row of each table stands in ``docs/sandbox.md``: name, meaning, values per profile, source."""
    lines = set(DOCS.read_text(encoding="utf-8").splitlines())
    missing = [row for row in rows() if row not in lines]
    assert not missing, "docs/sandbox.md lacks these rows:\n" + "\n".join(missing)


def test_the_documentation_has_no_entry_too_many() -> None:
    """A row about something that is not there any more is a lie."""
    lines = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    known = set(rows())
    assert [line for line in lines if line not in known] == []


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_help_and_documentation_leave_nothing_out(kind: str, name: str) -> None:
    """Whatever the code acts on is an entry of a section, all of which the next test finds in ``--help``."""
    entries = {entry.partition("=")[0] for section in reference.sections().values() for entry in section}
    assert name in entries, f"no section has the {kind} {name}"
    assert f"`{name}`" in DOCS.read_text(encoding="utf-8")


def test_help_says_what_each_thing_means(told: str) -> None:
    """Not only the names: each meaning, and where a profile differs."""
    for entries in reference.sections().values():
        for name, meaning in entries.items():
            assert in_one_line(f"{name} {meaning}") in told


def test_everything_has_a_meaning_and_each_fact_a_source() -> None:
    """No entry is blank."""
    assert all(meaning.strip() for entries in reference.sections().values() for meaning in entries.values())
    assert all(fact.source.strip() for fact in FACTS.values())
    assert set(chaos.MEANINGS) == set(chaos.Switch)
    assert set(special.WORDS) == set(special.Word)


def test_help_shows_each_fact_and_each_chaos_by_the_option_that_takes_it(told: str) -> None:
    """The headings say how to type what follows."""
    for option in ("--fact NAME or NAME=VALUE", "--chaos NAME or NAME=PROBABILITY", "--profile NAME", "--webhook URL"):
        assert option in told
    assert "--seed N" in told


def test_the_documentation_names_every_option() -> None:
    """Each option of the command that is not Django's own stands in the table of options."""
    own = set(_options(Command())) - set(_options(BaseCommand()))
    documented = {line.split()[1] for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| --")}
    assert own == documented


def _options(command: BaseCommand) -> list[str]:
    usage = command.create_parser("manage.py", "x").format_usage()
    return re.findall(r"--[a-z-]+", usage)
