"""What is known of a program that exports people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that exports people."""

    name: str
    # Public pages and files that show its headings, word by word; all of them were opened.
    sources: tuple[str, ...]
    # Headings that only this program has; one set of them is enough to recognise it.
    marks: tuple[tuple[str, ...], ...]
    headings: Mapping[str, tuple[str, ...]]
    # Headings that say something else here than in other files.
    other_meaning: tuple[str, ...] = ()
