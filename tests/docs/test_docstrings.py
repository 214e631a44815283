"""Examples in docstrings: each is one of the documentation's, which are run."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

import pytest

from tests.docs import programs
from tests.docs.pages import BLOCKS, ROOT

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Docstring:
    """A docstring and the file that it stands in."""

    file: str
    text: str

    def __str__(self) -> str:
        return self.file


def docstrings():
    """Yield every docstring of the two packages."""
    for package in ("enrow_webhooks", "leads"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
                    yield Docstring(path.relative_to(ROOT).as_posix(), text)


def examples_in(text):
    """Return the indented blocks of a docstring, without their indentation; and lines that begin with a prompt."""
    paragraphs = re.findall(r"(?:^ {4}.*\n?|^\n)+", text, re.MULTILINE)
    prompts = re.findall(r"^\s*>>> .*", text, re.MULTILINE)
    return [textwrap.dedent(paragraph).strip() for paragraph in paragraphs if paragraph.strip()] + prompts


def is_part_of(example, page):
    """Tell whether the example stands in the page's block, line for line."""
    return f"\n{example.rstrip()}\n" in f"\n{page.rstrip()}\n"


DOCSTRINGS = list(docstrings())
EXAMPLES = [
    pytest.param(example, id=f"{one}: {example.splitlines()[0]}")
    for one in DOCSTRINGS
    for example in examples_in(one.text)
]
COMMANDS = [
    pytest.param(code, id=f"{one}: {code}")
    for one in DOCSTRINGS
    for code in re.findall(r"``(.+?)``", one.text)
    if programs.is_command(code)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_one_that_is_run(example):
    """A block of code in a docstring stands in README or docs, where it is pasted and run; so it cannot grow old."""
    assert any(is_part_of(example, block.text) for block in BLOCKS), f"no page shows this:\n{example}"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one_that_exists(command):
    """A command that a docstring names is understood by its program."""
    programs.check(command)


def test_examples_are_seen():
    """Indented blocks and prompts are both examples; running text is none."""
    text = "Put it there:\n\n    x = {\n        1,\n    }\n\nor so:\n\n    y = 2\n\nEnd.\n>>> z = 3"
    assert examples_in(text) == ["x = {\n    1,\n}", "y = 2", ">>> z = 3"]
    assert len(EXAMPLES) >= 2
