"""No regular expression takes more than linear time, whatever text a stranger feeds it."""

from __future__ import annotations

import re
from functools import partial

import pytest

from enrow_webhooks.client import words
from leads.csvfiles import decoding, quotes, tables
from leads.csvfiles.header_row import DELIMITERS
from tests.expressions import NotResolvedError, expression, modules, places, places_in
from tests.linear import KINDS, Kind, complaints

PLACES = {str(place): (place, module) for module in modules("enrow_webhooks", "leads") for place in places(module)}
WAYS = ["search", "match", "fullmatch", "sub"]
# Where they are made at run time, or only ever matched at a place: tested below, as they are used.
ELSEWHERE = {"enrow_webhooks.client.words", "leads.csvfiles.quotes", "leads.csvfiles.tables", "leads.csvfiles.decoding"}
USED = [name for name, (place, _) in PLACES.items() if place.is_used and place.module not in ELSEWHERE]
MATCHED = {
    "first line": decoding._FIRST_LINE,
    **{
        f"{name} {delimiter!r}": getattr(quotes.grammar(delimiter), name)
        for delimiter in DELIMITERS
        for name in quotes.Grammar._fields[1:]
    },
}
SEARCHED = [
    # As long as a value may be.
    *map(words.whole, ("a" * 254, "a." * 127, ". " * 126 + "a", "ann lee")),
    *(tables._other_delimiters(delimiter) for delimiter in DELIMITERS),
    *(value for module in (quotes, tables) for value in vars(module).values() if isinstance(value, re.Pattern)),
]

# Minutes of processor time on a busy machine: once per run of everything is enough.
pytestmark = pytest.mark.slow


def kinds_of(pattern: str) -> list[Kind]:
    """Return texts of the pattern's own words: what stands before a slow part has to match first."""
    words = {word.replace("\\", "") for word in re.findall(r"(?:\w|[/:°@+]|\\\.)+", pattern)}
    longer = sorted(word for word in words if len(word) > 1)
    return [Kind(repeat, start) for start in longer for repeat in (start, "a", "1", " ", "a.", "-")]


def slowness(found: re.Pattern[str], way: str, *, most: int = 3) -> list[str]:
    """Return what is wrong with an expression when it is used in one way."""
    use = partial(found.sub, "") if way == "sub" else getattr(found, way)
    return [f"{way} {said}" for said in complaints(use, [*KINDS, *kinds_of(found.pattern)], most=most)]


@pytest.mark.parametrize("name", USED)
def test_every_expression_is_linear(name):
    """64,000 characters of any kind cost it less than 50 ms, and twice the text at most three times as much."""
    place, module = PLACES[name]
    found = expression(place, vars(module))
    assert not [said for way in WAYS for said in slowness(found, way)], found


@pytest.mark.parametrize("name", MATCHED)
def test_what_is_matched_at_a_place_is_linear(name):
    """The grammar of a file for each delimiter: each begins where the one before ended."""
    assert not slowness(MATCHED[name], "match"), MATCHED[name]


@pytest.mark.parametrize("found", SEARCHED, ids=lambda found: found.pattern)
def test_what_is_looked_for_in_a_row_is_linear(found):
    """Signs and titles, anywhere in it."""
    assert not [said for way in WAYS for said in slowness(found, way)], found


@pytest.mark.parametrize(
    ("way", "pattern"),
    [
        ("search", r"\w+@"),
        ("search", r"\s+$"),
        ("sub", r"\d*:"),
        ("match", r"(\w+\s?)*$"),
        ("match", r"n°\s*\s*x"),
        ("fullmatch", r"[^\s(]+@[^\s)]+"),
    ],
)
def test_a_slow_expression_is_seen(way, pattern):
    """The classic ways to burn a processor do not pass."""
    assert slowness(re.compile(pattern), way, most=1)


def test_the_expressions_of_the_packages_are_found():
    """Those that meet every log line are among them."""
    found = {expression(place, vars(module)).pattern for place, module in map(PLACES.get, USED)}
    assert {name.partition(":")[0].partition(".")[0] for name in USED} == {"enrow_webhooks", "leads"}
    assert any("webhooks/enrow/" in pattern for pattern in found)
    assert any("{43}" in pattern for pattern in found)


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("import re\nX = re.compile(r'a+')", "a+"),
        ("import re as r\ndef f(text): return r.sub('a' 'b', '', text)", "ab"),
        ("from re import fullmatch as fits\ndef f(text): return fits(pattern=WORD, string=text)", "[a-z]"),
        ("import re\ndef f(text): return re.search(f'^{WORD}+', text)", "^[a-z]+"),
        ("from django.core.validators import RegexValidator\nX = RegexValidator(WORD)", "[a-z]"),
        ("from django.urls import re_path\nX = re_path(regex='^x', view=None)", "^x"),
    ],
)
def test_an_expression_is_found_however_it_is_written(source, pattern):
    """By any name of ``re``, from constants, and in Django's own words."""
    [place] = places_in(source, "somewhere")
    assert place.is_used
    assert expression(place, {"WORD": "[a-z]"}).pattern == pattern


@pytest.mark.parametrize(
    "source",
    [
        "import re\ndef f(word, text): return re.match(word, text)",
        "import re\ndef f(text): return re.compile(text)",
        "import re\nfind = map(re.compile, open('x'))",
        "import re\ndef f(names, text): return re.search('|'.join(names), text)",
        "from re import compile as make\nmakers = [make]",
    ],
)
def test_an_expression_that_is_made_at_run_time_is_no_expression_to_trust(source):
    """What nobody can read in the source cannot be shown to be linear."""
    [place] = places_in(source, "somewhere")
    assert place.is_used
    with pytest.raises(NotResolvedError, match="somewhere:"):
        expression(place, {"WORD": "[a-z]"})


def test_a_pattern_that_is_only_checked_reads_no_text():
    """``re.compile(text)`` whose value nobody keeps is a parser of its own, and in the list of those."""
    [place] = places_in("import re\ndef f(text):\n    re.compile(text)", "somewhere")
    assert not place.is_used
    # The condition of an operator; the database runs it.
    assert [place.is_used for place, _ in PLACES.values()].count(False) == 1
