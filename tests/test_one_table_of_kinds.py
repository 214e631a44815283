"""No module beside the table of kinds, the client and the sandbox names a kind of search; read from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from enrow_webhooks.client.events import EventType
from enrow_webhooks.client.values import Kind, Query
from leads.kinds import KINDS

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("enrow_webhooks", "leads", "config", "examples")
# Where a kind is spoken, what is known of it, what old databases were told, and what a test tells the sandbox.
KNOW_KINDS = (
    "enrow_webhooks/client/",
    "enrow_webhooks/sandbox/",
    "leads/kinds.py",
    "leads/migrations/",
    "leads/testing/enrow.py",
)
FIELDS = {
    name for facts in KINDS.values() for name in (facts.value, facts.status, facts.checked_at, facts.country) if name
}
CLASSES = {query.__name__ for query in get_args(Query)}
EVENTS = {name for event in EventType if event.kind for name in (event.name, event.value)}
NAMES = {*CLASSES, *EVENTS, *(name for kind in Kind for name in (kind.name, kind.value)), *FIELDS}
WORDS = {facts.word for facts in KINDS.values() if facts.word}
# A word of everyday speech ("phone") is a name only where it stands alone or is asked for; "phone_status" also in SQL.
IN_TEXT = re.compile(
    rf"\b(?:{'|'.join(sorted(name for name in NAMES if '_' in name or name in CLASSES))})\b"
    rf"|\bfind\W+(?:{'|'.join(WORDS)})\b"
)
# The columns of a lead are declared and indexed once; the fields of a kind of its own are added there.
DECLARES_FIELDS = {
    "leads/models/leads.py",
    "leads/models/enrichments.py",
    "leads/mapping.py",
    "leads/lead_mapping.py",
}
# What each program heads the columns with is one table per program; its words may be those of a kind.
HEADINGS = {"leads/csvfiles/programs.py", "leads/csvfiles/open_source.py"}
# What a person reads beside an option is an example, not a rule.
PROSE = {"help", "examples"}


def sources() -> list[Path]:
    files = [path for place in PLACES for suffix in ("py", "html") for path in (ROOT / place).rglob(f"*.{suffix}")]
    return sorted(path for path in files if not name(path).startswith(KNOW_KINDS))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def named(source: str) -> Iterator[tuple[int, str]]:
    """Yield each name of a kind in a module, with its line."""
    tree = ast.parse(source)
    prose = set(map(id, prose_of(tree)))
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word) | ast.keyword(arg=str(word)):
                yield from ((line, word) for word in [word] if word in NAMES)
            case ast.Constant(value=str(text)) if id(node) not in prose:
                found = {text} & (NAMES | WORDS) or set(IN_TEXT.findall(text))
                yield from ((line, word) for word in sorted(found))


def prose_of(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what stands in docstrings and in the texts that a command shows."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                yield from ast.walk(node)
            case ast.Assign(targets=[ast.Name(id=word)]) if word in PROSE:
                yield from ast.walk(node)


@pytest.mark.parametrize("path", sources(), ids=name)
def test_a_module_names_no_kind(path):
    """What differs from kind to kind is read from the table, so that a new kind is written there and nowhere else."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        found = [(0, word) for word in re.findall(r"\w+", source) if word in NAMES | WORDS]
    else:
        found = list(named(source))
    allowed = FIELDS if name(path) in DECLARES_FIELDS | HEADINGS else set()
    allowed |= WORDS if name(path) in HEADINGS else set()
    assert not [f"line {line}: {word}" for line, word in found if word not in allowed]


@pytest.mark.parametrize(
    "source",
    [
        "from enrow_webhooks.client.values import FindPhone",
        "if kind is Kind.VERIFY_EMAIL: pass",
        'jobs.filter(kind="find_phone")',
        "lead.phone = number",
        "leads.filter(email_status=status)",
        'getattr(lead, "phone_country")',
        'find = {"phone"}',
        'say("Give --find email or --verify.")',
        'SQL = "UPDATE {L} SET email_checked_at = now()"',
        "if event is EventType.BULK_PHONE: pass",
        'paths = {"verification_finished": take}',
    ],
)
def test_a_name_is_seen_in_every_form(source):
    """Import, attribute, keyword, text, SQL: no way to name a kind slips through."""
    assert list(named(source))
