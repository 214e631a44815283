"""The frame of an admin page: all that is not the page's own content, in a form that two pages can be compared in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Django names each kind of page in the body's class; these say what the page does, not how it is framed.
KINDS = {"change-form", "delete-confirmation", "delete-selected-confirmation"}


@dataclass
class Element:
    """One element, and what is in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    @property
    def elements(self) -> list[Element]:
        return [child for child in self.children if isinstance(child, Element)]

    def every(self) -> Iterator[Element]:
        """Return this element and all below it."""
        yield self
        for child in self.elements:
            yield from child.every()

    def words(self) -> str:
        """Return all text in it, with single blanks."""
        text = " ".join(child.words() if isinstance(child, Element) else child for child in self.children)
        return " ".join(text.split())


class _Reader(HTMLParser):
    """Build the tree; an element that is closed in the wrong place is an error here, not a guess."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document", {})]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        last = self.open.pop()
        assert last.tag == tag, f"</{tag}> closes <{last.tag}>"

    def handle_data(self, data):
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    """Return the html element of a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is never closed"
    return one(reader.open[0], tag="html")


def one(root: Element, *, tag: str = "", name: str = "", key: str = "") -> Element:
    """Return the only element of this tag, class (``name``) and id (``key``)."""
    found = [
        element
        for element in root.every()
        if (not tag or element.tag == tag)
        and (not name or name in element.classes)
        and (not key or element.attributes.get("id") == key)
    ]
    assert len(found) == 1, f"{len(found)} elements are {tag} {name} {key}"
    return found[0]


def skeleton(root: Element) -> list[str]:
    """Return the frame, one indented line for each element: without texts, scripts and the page's own content."""
    return list(_lines(root, 0, inside=False))


def _lines(element: Element, depth: int, *, inside: bool) -> Iterator[str]:
    if element.tag in {"head", "script"} or (inside and not _titles_or_tools(element)):
        return
    yield "  " * depth + " ".join([element.tag, *_attributes(element)])
    if "object-tools" in element.classes:
        return
    for child in element.elements:
        yield from _lines(child, depth + 1, inside=inside or element.attributes.get("id") == "content")


def _titles_or_tools(element: Element) -> bool:
    """Tell whether it is, or holds, the title or the buttons beside the title: they too belong to the frame."""
    return any(below.tag == "h1" or "object-tools" in below.classes for below in element.every())


def _attributes(element: Element) -> list[str]:
    kept = dict(element.attributes)
    if kept.get("name") == "csrfmiddlewaretoken":
        del kept["value"]
    if "class" in kept:
        kept["class"] = " ".join(sorted(element.classes - (KINDS if element.tag == "body" else set())))
    return [f"{name}={value!r}" for name, value in sorted(kept.items())]


def stylesheets(root: Element) -> set[str]:
    """Return the addresses of the style sheets."""
    return {element.attributes["href"] for element in root.every() if element.attributes.get("rel") == "stylesheet"}


def nonces(root: Element) -> set[str]:
    """Return the nonces of scripts and style sheets; blank stands for one that has none."""
    loaded = [one for one in root.every() if one.tag == "script" or one.attributes.get("rel") == "stylesheet"]
    return {element.attributes.get("nonce", "") for element in loaded}


def metas(root: Element) -> list[dict[str, str]]:
    """Return what the head says to browsers and robots."""
    return [element.attributes for element in root.every() if element.tag == "meta"]


def links(root: Element) -> list[str]:
    """Return the addresses of all links."""
    return [element.attributes["href"] for element in root.every() if element.tag == "a"]
