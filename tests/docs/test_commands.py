"""Every command that the documentation and ``--help`` show is one that the program still understands."""

from __future__ import annotations

import re

import pytest
from django.core.management import load_command_class

from tests.docs import programs
from tests.docs.pages import SPANS, Way, blocks, way_of

LINES = [
    pytest.param(line, id=f"{block}: {line}")
    for block in blocks(language="sh")
    for line in block.text.splitlines()
    if way_of(block) is Way.COMMANDS
]
SENTENCES = [pytest.param(span.text, id=f"{span}: {span.text}") for span in SPANS if programs.is_command(span.text)]
TABLE = [
    span for span in SPANS if (span.page, span.section) == ("docs/commands.md", "Commands") and span.text != "--help"
]
# Every command has --help.
FLAGS = [span for span in SPANS if span.text.startswith("--") and span.text != "--help"]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_a_block(line):
    """What a reader pastes into a terminal exists: programs, targets, commands, options and their values."""
    programs.check(line)


@pytest.mark.parametrize("usage", SENTENCES)
def test_a_command_in_a_sentence(usage):
    """The same for what stands within sentences and in the table of commands."""
    programs.check(usage)


def test_the_table_names_every_command():
    """A command that is not in the page's table is one that nobody finds; one that is only there does not exist."""
    assert sorted(span.text.partition(" ")[0] for span in TABLE) == sorted(programs.OURS)


@pytest.mark.parametrize("span", FLAGS, ids=lambda span: f"{span}: {span.text}")
def test_an_option_in_a_sentence(span):
    """An option that a sentence names without its command belongs to a command of ours, or to a benchmark."""
    usages = [programs.parser_of(name).format_usage() for name in programs.OURS]
    if span.page.startswith("benchmarks/"):
        usages.append(programs.benchmark_help("benchmarks.whole"))
    assert programs.flags_of(span.text.split()) <= programs.flags_of(" ".join(usages).split())


@pytest.mark.parametrize("name", sorted(programs.OURS))
def test_the_examples_of_help(name):
    """The examples under a command's ``--help`` are calls that it takes."""
    examples = load_command_class(programs.get_commands()[name], name).examples
    # Words about an example stand some spaces behind it, another program behind a bar.
    found = re.findall(r"manage\.py .*?(?=\s{2}| [|>]|$)", examples, re.MULTILINE)
    assert found
    for example in found:
        programs.check(example)


@pytest.mark.parametrize(
    "line",
    [
        "manage.py enrow_docter",
        "manage.py enrich_leads --find fax",
        "manage.py enrich_leads --find email --maximum 5",
        "enrow_jobs [ID …] [--cancel | --undo]",
        "enrow_sandbox [--profile current|ancient]",
        "make dinner",
        "make bench BENCH=whole SPEED=full",
        "make bench BENCH=holes",
        'pip install "django-enrow[mysql]"',
        'pip install "django-narrow"',
        "celery -A yourproject wrokers",
        "celery -A yourproject worker --fast",
        "gunicorn config.urls",
        "python -m benchmarks.whole --leeds 5",
        'python -c "import secrets; secrets.nothing"',
        "curl https://example.com",
        "curl -s http://127.0.0.1:8000/api/leads/leads/",
        "curl --insecure http://127.0.0.1:8000/api/leads/runs/",
    ],
)
def test_what_does_not_exist_is_found(line):
    """A wrong command, option, value, target or extra fails, so a right one proves something."""
    with pytest.raises(AssertionError):
        programs.check(line)
