"""What the pages name exists: modules, functions, settings, files and the places that links lead to."""

from __future__ import annotations

import pkgutil
import re

import pytest
from django.apps import apps

from enrow_webhooks.conf import Section
from tests.docs.pages import LINKS, ROOT, SPANS

PACKAGES = ("enrow_webhooks", "leads", "config", "benchmarks", "tests")
DOTTED = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
FILE = re.compile(r"[\w/]+\.(?:py|md|svg)|\w[\w/]*/")
TABLE = {span.text for span in SPANS if (span.page, span.section) == ("README.md", "Settings")}


def each(pieces):
    """Make a parameter of each piece that is another one, and name its places."""
    places = {}
    for code, name in pieces:
        places.setdefault(name, code)
    return [pytest.param(name, id=f"{code}: {name}") for name, code in places.items()]


@pytest.mark.parametrize("name", each((span, name) for span in SPANS for name in DOTTED.findall(span.text)))
def test_a_dotted_name(name):
    """A name that begins with one of our packages can be imported, or is a model."""
    app, _, model = name.partition(".")
    if model in {found.__name__ for found in apps.get_models() if found._meta.app_label == app}:
        return
    assert pkgutil.resolve_name(name)


@pytest.mark.parametrize("span", [span for span in SPANS if FILE.fullmatch(span.text)], ids=str)
def test_a_file(span):
    """A file or folder that a page names is there, seen from the page or from the top."""
    assert (ROOT / span.text).exists() or (ROOT / span.page).parent.joinpath(span.text).exists()


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_a_link(link):
    """A link to another page, or to a heading of it, leads there."""
    path, _, anchor = link.text.partition("#")
    page = (ROOT / link.page).parent / path if path else ROOT / link.page
    assert page.exists()
    if anchor:
        headings = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_table_of_settings():
    """The README has every key of ``ENROW`` and every variable of the demo project, and no other."""
    assert {key for key in TABLE if re.fullmatch(r"[A-Z_]{4,}", key)} - {"ENROW"} == set(Section.known) | demo()


def demo():
    """Return the variables that the demo project reads."""
    text = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'"((?:ENROW|DJANGO|DATABASE|CELERY)_[A-Z_]+)"', text))
