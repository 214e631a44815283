"""What all commands have in common: a --help that teaches, JSON for programs, and exit codes with a meaning."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import Error as DatabaseTrouble
from django.db import OperationalError

from enrow_webhooks import gc_tuning
from enrow_webhooks.client.scrub import describe, scrub

_EXIT_CODES = "exit codes:\n  0  fine\n  1  something needs a person\n  2  the call itself is wrong; nothing was done"


# What every database takes for a whole number; a hundred years; what a column of credits holds.
_DIGITS = 18
_LONGEST_DAYS = 36_500
_MOST_CREDITS = Decimal("9999999999.99")


class _HelpFormatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's order of options, with the paragraphs and examples left as they are written."""


class EnrowCommand(BaseCommand):
    """A command with ``examples`` under its help."""

    examples: ClassVar[str] = ""

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as a program of its own; ``call_command`` inside another process does not come here."""
        gc_tuning.calm()
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:  # noqa: ANN401 - Django's own signature
        """Run, and tell an error of the database by its kind, constraint and place: its own words quote rows."""
        try:
            return super().execute(*args, **options)
        except DatabaseTrouble as error:
            raise needs_person(f"The database did not do it: {describe(error)}.{_outage(error)}") from None

    def create_parser(
        self,
        prog_name: str,
        subcommand: str,
        **kwargs: Any,  # noqa: ANN401 - Django's own signature
    ) -> CommandParser:
        """Return Django's parser, with the examples and exit codes at its end."""
        epilog = f"examples:\n{self.examples.strip(chr(10))}\n\n{_EXIT_CODES}"
        return super().create_parser(prog_name, subcommand, formatter_class=_HelpFormatter, epilog=epilog, **kwargs)

    def tell_json(self, answer: dict[str, Any], *, in_one_line: bool = False) -> None:
        """Write one JSON object; decimals, dates and ids become text."""
        self.stdout.write(json.dumps(answer, indent=None if in_one_line else 2, default=str))

    def ask(self, what: str, question: str, *, otherwise: str) -> None:
        """Let a person at a terminal say yes, on stderr, so that stdout stays a program's.

        Raises CommandError: with exit code 1 when they do not; with 2, and what to do ``otherwise``, where nobody is.
        """
        # A program that was started with its input closed has none at all.
        if sys.stdin is None or not sys.stdin.isatty():
            raise wrong_call(f"{what} {otherwise}")
        self.stderr.write(f"{what} {question} [y/N] ", ending="")
        self.stderr.flush()
        try:
            answer = sys.stdin.readline().strip().lower()
        except KeyboardInterrupt:
            answer = ""
        if answer not in {"y", "yes"}:
            raise needs_person("Nothing was sent.")


def _outage(error: DatabaseTrouble) -> str:
    """Return what the database says of itself, where it is no answer to a row: it is away, or a table is."""
    said = str(error).partition("\n")[0]
    return f" It says: {scrub(said)}" if isinstance(error, OperationalError) and said else ""


def system_user() -> str:
    """Return who runs the command, as the system knows them; blank in a container that knows no names."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def wrong_call(sentence: str) -> CommandError:
    """Return the error for a call that cannot be carried out: exit code 2."""
    return CommandError(sentence, returncode=2)


def needs_person(sentence: str) -> CommandError:
    """Return the error for work that was done, but left something to a person: exit code 1."""
    return CommandError(sentence, returncode=1)


def whole_number(text: str) -> int:
    """Read an argument that is a whole number, 0 or more."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more.")
    if len(text.lstrip("0")) > _DIGITS:
        raise argparse.ArgumentTypeError(f"A number of {len(text):,} digits is too large; {_DIGITS} are read.")
    return int(text)


def days(text: str) -> int:
    """Read an argument that is an age in days, 0 or more."""
    number = whole_number(text)
    if number > _LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"{number:,} days are too many; {_LONGEST_DAYS:,} are a hundred years.")
    return number


def count(text: str) -> int:
    """Read an argument that is a whole number, 1 or more."""
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 1 or more.")
    return number


def port(text: str) -> int:
    """Read an argument that is a TCP port, 0 for any free one."""
    number = whole_number(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; they end at 65535.")
    return number


def identifier(text: str) -> uuid.UUID:
    """Read an argument that is a UUID."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no id, like 5f0c1a52-….") from None


def amount(text: str) -> Decimal:
    """Read an argument that is an amount of credits, 0 or more."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of credits, like 500 or 12.5.")
    if number > _MOST_CREDITS:
        raise argparse.ArgumentTypeError(f"{text!r} is too large; at most {_MOST_CREDITS:,} credits.")
    return number


def pause(text: str) -> float:
    """Read an argument that is a time in seconds between two passes: without one the database would never rest."""
    number = seconds(text)
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no pause; give a number of seconds over 0, like 2 or 0.5.")
    return number


def seconds(text: str) -> float:
    """Read an argument that is a time in seconds, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, like 2 or 0.5.")
    return number
