"""Every regular expression of a package, found by the syntax trees of its modules."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

import django

# Django has tasks since 6.0.
_NOT_HERE = {"enrow_webhooks.django_tasks"} if django.VERSION < (6, 0) else set()
_MAKERS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
# Django's ways to an expression.
_DJANGOS = {"RegexValidator", "RegexField", "re_path"}


class NotResolvedError(Exception):
    """The pattern is made at run time, so no test can tell how long it takes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module takes an expression."""

    module: str
    node: ast.expr
    # False for a pattern that is only checked: what is compiled is thrown away.
    is_used: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.node.lineno}"


def modules(*packages: str) -> Iterator[ModuleType]:
    """Import and return every module of the packages; migrations are written by Django."""
    for package in packages:
        root = importlib.import_module(package)
        yield root
        for info in pkgutil.walk_packages(root.__path__, f"{package}."):
            if ".migrations" not in info.name and info.name not in _NOT_HERE:
                yield importlib.import_module(info.name)


def places(module: ModuleType) -> list[Place]:
    """Return where a module takes an expression."""
    return places_in(inspect.getsource(module), module.__name__)


def places_in(source: str, module: str) -> list[Place]:
    """Return where a source takes an expression: its calls of ``re`` and Django, and what it hands on to be called."""
    tree = ast.parse(source)
    names = set(_names_of_re(tree))
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call) and _takes_pattern(node, names)]
    called = [call.func for call in calls]
    loads = (node for node in nodes if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in names)
    thrown_away = [node.value for node in nodes if isinstance(node, ast.Expr)]
    return [
        *(Place(module, call, is_used=call not in thrown_away) for call in calls),
        *(Place(module, node, is_used=True) for node in loads if node not in called),
    ]


def _names_of_re(tree: ast.Module) -> Iterator[str]:
    """Return what a source calls the functions of ``re``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            mine = (alias.asname or alias.name for alias in node.names if alias.name in {"re", "regex"})
            yield from (f"{name}.{maker}" for name in mine for maker in _MAKERS)
        elif isinstance(node, ast.ImportFrom) and node.module in {"re", "regex"}:
            yield from (alias.asname or alias.name for alias in node.names if alias.name in _MAKERS)


def _takes_pattern(call: ast.Call, names: set[str]) -> bool:
    function = ast.unparse(call.func)
    return function in names or function.rpartition(".")[2] in _DJANGOS


def expression(place: Place, names: Mapping[str, object]) -> re.Pattern[str]:
    """Return the expression at a place, given the names of its module. Raises NotResolvedError."""
    if not isinstance(place.node, ast.Call):
        raise NotResolvedError(f"{place} hands on {ast.unparse(place.node)}.")
    args = place.node.args
    keywords = {keyword.arg: keyword.value for keyword in place.node.keywords}
    pattern = args[0] if args else keywords.get("pattern", keywords.get("regex"))
    flags = keywords.get("flags")
    if ast.unparse(place.node.func).endswith("compile") and len(args) > 1:
        flags = args[1]
    found = _value(pattern, names)
    if not isinstance(found, str):
        raise NotResolvedError(f"{place} makes its pattern at run time: {ast.unparse(place.node)}.")
    return re.compile(found, _value(flags, names) if flags else 0)


def _value(node: ast.expr | None, names: Mapping[str, object]) -> object:
    """Return what constants come to, None when there are others among them."""
    if node is None:
        return None
    try:
        return eval(compile(ast.Expression(node), "<pattern>", "eval"), dict(names))  # noqa: S307 - our own source
    except NameError:
        return None
