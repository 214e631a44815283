"""Every piece of code that the documentation shows, as a reader sees it: where it stands, and what is done with it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
# Made by the tools, or a record of what was once measured: nobody is told to type anything there.
_NO_DOCS = {"var", "build", "dist", "htmlcov", "results", "site"}
_FILE = re.compile(r"# ([\w/]+\.py)\n")
_SHELL = "# python manage.py shell\n"


class Way(enum.Enum):
    """What the tests do with a block."""

    PASTE = "pasted into a file of a new project"
    COPY = "compared with a copy of this project, by test_fourth_kind"
    SHELL = "run in the new project's shell"
    COMMANDS = "each line run, or checked, as a command"
    SQL = "run on PostgreSQL"
    NGINX = "read as a part of nginx's configuration"


class UnclassifiedError(Exception):
    """Nobody has said how this block is tested; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A block, a piece of code within a sentence, or a link."""

    kind: Literal["block", "span", "link"]
    page: str
    line: int
    # The heading above it.
    section: str
    # What stands behind the fence: the language, and for CSV, which has no comments, the name of the file.
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def language(self) -> str:
        """The first word behind the fence."""
        return self.info.partition(" ")[0]

    @property
    def file(self) -> str:
        """The file that the block belongs into, from the project's folder; blank when it names none."""
        if self.language == "python":
            named = _FILE.match(self.text)
            return named[1] if named else ""
        return self.info.partition(" ")[2] if self.language == "csv" else ""


# A block of Python needs a first line, because what it is for cannot be guessed.
_WAYS = {"sh": Way.COMMANDS, "sql": Way.SQL, "nginx": Way.NGINX}
_ADVICE = {
    "": "say its language behind the fence",
    "python": f"begin it with the file that it is for, like '# yourproject/settings.py', or with '{_SHELL.strip()}'",
    "csv": "name its file behind the fence, like 'csv people.csv'",
}


def way_of(block: Code) -> Way:
    """Return what is done with a block. Raises UnclassifiedError for one of a kind that is not known."""
    if block.language in _WAYS:
        return _WAYS[block.language]
    if block.file:
        # A file of ours, and not of the reader's project.
        return Way.COPY if (ROOT / block.file).is_file() else Way.PASTE
    if block.language == "python" and block.text.startswith(_SHELL):
        return Way.SHELL
    advice = _ADVICE.get(block.language, f"say in tests/docs/pages.py how {block.language!r} is tested, and do it")
    raise UnclassifiedError(f"{block}: nothing tests this block; {advice}.")


def _pages() -> list[Path]:
    top = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in _NO_DOCS]
    found = [path for folder in top if folder.is_dir() for path in folder.rglob("*.md")]
    found += [path for path in top if path.suffix == ".md"]
    return sorted(path for path in found if not _NO_DOCS.intersection(path.relative_to(ROOT).parts))


def read(text: str, page: str) -> Iterator[Code]:
    """Yield the blocks of a page, and the code and the links within its sentences and tables."""
    section, line, token_before = "", 1, ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        # The cells of a row say no line of their own.
        line = token.map[0] + 1 if token.map else line
        if token_before == "heading_open":
            section = token.content
        place = {"page": page, "line": line, "section": section}
        if token.type in {"fence", "code_block"} or (token.type == "html_block" and "<pre" in token.content):
            yield Code(kind="block", info=token.info.strip(), text=token.content, **place)
        for part in token.children or []:
            if part.type == "code_inline":
                yield Code(kind="span", info="", text=part.content, **place)
            target = str(part.attrs.get("href") or part.attrs.get("src") or "")
            if target and "://" not in target:
                yield Code(kind="link", info="", text=target, **place)
        token_before = token.type


_ALL = [code for path in _pages() for code in read(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())]
BLOCKS = [code for code in _ALL if code.kind == "block"]
SPANS = [code for code in _ALL if code.kind == "span"]
# To other pages and pictures here.
LINKS = [code for code in _ALL if code.kind == "link"]


def blocks(page: str = "", *, section: str = "", language: str = "") -> list[Code]:
    """Return the blocks of one page, section or language, in the order in which they are read."""
    return [
        block
        for block in BLOCKS
        if page in {"", block.page} and section in {"", block.section} and language in {"", block.language}
    ]
