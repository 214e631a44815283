"""What all commands have in common: arguments that are read strictly, exit codes, and a help that teaches."""

from __future__ import annotations

import argparse
import io
import uuid
from decimal import Decimal

import pytest

from enrow_webhooks.management import base

ID = "5f0d3a43-6f5c-4f5c-9a64-0d7d1a8f5a11"


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (base.whole_number, "0", 0),
        (base.count, "1", 1),
        (base.port, "0", 0),
        (base.port, "65535", 65535),
        (base.identifier, ID, uuid.UUID(ID)),
        (base.amount, "12.50", Decimal("12.5")),
        (base.amount, "0", Decimal(0)),
        (base.seconds, "0.5", 0.5),
        (base.seconds, "0", 0.0),
    ],
)
def test_an_argument_is_read(read, text, value):
    """The smallest and largest that mean something included."""
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (base.whole_number, "-1"),
        (base.whole_number, "1.5"),
        (base.whole_number, "٣"),
        (base.whole_number, ""),
        (base.count, "0"),
        (base.port, "65536"),
        (base.identifier, "5f0d3a43"),
        (base.amount, "-0.01"),
        (base.amount, "NaN"),
        (base.amount, "Infinity"),
        (base.amount, "ten"),
        (base.seconds, "-1"),
        (base.seconds, "nan"),
        (base.seconds, "inf"),
        (base.seconds, "soon"),
    ],
)
def test_an_argument_that_means_nothing_is_quoted(read, text):
    """The sentence shows what was typed; no such value reaches a command."""
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        read(text)
    assert repr(text) in str(refused.value)
    assert str(refused.value).endswith(".")


def test_exit_codes_tell_a_wrong_call_from_work_for_a_person():
    """1: something needs a person; 2: nothing was done."""
    assert base.needs_person("Look.").returncode == 1
    assert base.wrong_call("No.").returncode == 2


class Example(base.EnrowCommand):
    examples = "\n  manage.py example    one line\n"

    def handle(self, *args, **options):
        self.tell_json({"cost": Decimal("1.50"), "id": uuid.UUID(ID)}, in_one_line=True)


def test_the_help_ends_with_the_examples_as_they_were_written_and_the_exit_codes():
    """Lines of an example are not filled into a paragraph."""
    text = Example().create_parser("manage.py", "example").format_help()
    assert "examples:\n  manage.py example    one line\n\nexit codes:\n  0  fine\n" in text


def test_json_is_one_object_whose_amounts_are_exact():
    """Decimals and ids become text, never a rounded number."""
    out = io.StringIO()
    Example(stdout=out).handle()
    assert out.getvalue() == f'{{"cost": "1.50", "id": "{ID}"}}\n'
