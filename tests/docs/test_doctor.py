"""The doctor's page says for each of its findings what to do."""

from __future__ import annotations

import ast

from markdown_it import MarkdownIt

from tests.docs.pages import ROOT


def test_every_finding_has_its_row():
    """Each finding that needs a person stands under its subject, in the words of the code; and no other does."""
    assert set(rows()) == {finding for path in sources() for finding in troubles(ast.parse(path.read_text("utf-8")))}
    assert len(set(rows())) > 20


def test_a_sentence_is_read_from_a_name_that_is_set_before():
    """What differs becomes three dots; of two sentences under one name the nearest above counts."""
    code = 'def look():\n    s = f"{one} waits"\n    trouble("a", s, "")\n    s = "two"\n    trouble("b", s, "")\n'
    assert list(troubles(ast.parse(code))) == [("a", "… waits"), ("b", "two")]


def sources():
    """Yield the modules of both apps that have findings."""
    for app in ("enrow_webhooks", "leads"):
        yield from (path for path in sorted((ROOT / app).rglob("*.py")) if "trouble(" in path.read_text("utf-8"))


def troubles(module):
    """Yield subject and sentence of each call of ``trouble()``."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "trouble":
            subject, sentence, _hint = node.args
            yield subject.value, words(sentence, module)


def words(sentence, module):
    """Return a sentence of the code, with dots for what differs."""
    if isinstance(sentence, ast.Name):
        set_above = [
            node
            for node in ast.walk(module)
            if isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == sentence.id
            and node.lineno < sentence.lineno
        ]
        return words(max(set_above, key=lambda node: node.lineno).value, module)
    parts = sentence.values if isinstance(sentence, ast.JoinedStr) else [sentence]
    return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in parts)


def rows():
    """Yield section and first cell of each row of the page."""
    section, before, is_first = "", "", False
    for token in MarkdownIt("commonmark").enable("table").parse((ROOT / "docs" / "doctor.md").read_text("utf-8")):
        if before == "heading_open":
            section = token.content
        is_first = token.type == "tr_open" or (is_first and token.type != "td_close")
        if is_first and before == "td_open":
            yield section, token.content
        before = token.type
