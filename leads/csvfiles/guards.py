"""Cells that no spreadsheet runs.

Spreadsheets run a cell that begins like a formula. On the way out such a cell gets an apostrophe in front, which they
take for "this is text"; on the way in one apostrophe before such a beginning is taken away, so that a file comes back
as it went out. Which sign separates the cells depends on the country where the file is opened: what stands behind a
comma, a semicolon, a tab or a line break inside of a cell may be a cell of its own there, and is guarded, too. A phone
in E.164 form begins with a plus but is a plain number: alone in its cell it stays as it is, for the other programs that
read the file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

_SEPARATORS = r",;\t\r\n"
# Quotes and blanks before a formula do not keep a spreadsheet from it; those that separate are places of their own.
_LIKE_FORMULA = rf"'*(?:[^\S{_SEPARATORS}]|\")*[=+\-@＝＋－＠]"
_AT_START = re.compile(rf"\A(?:'*[\t\r\n]|{_LIKE_FORMULA})")
_INSIDE = re.compile(rf"[{_SEPARATORS}]{_LIKE_FORMULA}")
_BEGINS = re.compile(rf"(?<=[{_SEPARATORS}])(?={_LIKE_FORMULA})")
_GUARDED = re.compile(rf"(?<=[{_SEPARATORS}])'(?={_LIKE_FORMULA})")
_AFTER_SEPARATOR = re.compile(rf"[{_SEPARATORS}]'")
_E164 = re.compile(r"\+\d{1,15}")


def guarded(text: str) -> str:
    """Return the text so that no spreadsheet runs a part of it as a formula; itself where nothing is to be done."""
    if _INSIDE.search(text):
        text = _BEGINS.sub("'", text)
    return f"'{text}" if _AT_START.match(text) and not _E164.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Return the text that was guarded."""
    if text.startswith("'") and _AT_START.match(text[1:]):
        text = text[1:]
    return _GUARDED.sub("", text) if _INSIDE.search(text) else text


def may_be_guarded(text: str) -> bool:
    """Tell by one look at a text, or at many, each in a line of its own, whether a guard may be in it."""
    return "'" in text and (text.startswith("'") or _AFTER_SEPARATOR.search(text) is not None)


def are_harmless(texts: Sequence[str]) -> bool:
    """Tell by one look at many texts whether ``guarded`` leaves all of them as they are, even as parts of one text."""
    whole = "\n".join(["", *texts])
    breaks = whole.count("\n") - len(texts)
    return not breaks and "\t" not in whole and "\r" not in whole and not _INSIDE.search(whole)


def cell_of(value: object) -> str:
    """Return a value as a cell that ``Column.read`` takes back."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, dt.datetime) else guarded(str(value))
