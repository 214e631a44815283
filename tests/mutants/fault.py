"""One small fault, as it is written in the tables beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A piece of text that stands once in a file, and the wrong text that is put in its place."""

    file: str
    before: str
    after: str
    # What goes wrong then, in a few words.
    means: str
    # Test files beside the one that mirrors the file.
    tests: tuple[str, ...] = ()
    # Locks and races show on PostgreSQL alone.
    postgres: bool = False
    # Why no test has to notice it; blank: one has to.
    reason: str = ""

    @property
    def mirror(self) -> str:
        """The test file that mirrors the file."""
        path = Path(self.file)
        return str("tests" / path.with_name(f"test_{path.name}"))

    @property
    def chosen(self) -> list[str]:
        """The test files that are run."""
        mirror = [self.mirror] if (ROOT / self.mirror).exists() else []
        return [*mirror, *self.tests]
