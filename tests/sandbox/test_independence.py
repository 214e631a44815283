"""A witness shares no code with what it judges."""

import ast
import sys
from pathlib import Path

import pytest

from enrow_webhooks.sandbox import core

MODULES = sorted(Path(core.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_only_what_is_allowed(module: Path) -> None:
    """The standard library, Werkzeug, requests and the sandbox itself; nothing inside a function."""
    tree = ast.parse(module.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for name in names:
            root = name.partition(".")[0]
            known = root in sys.stdlib_module_names or root in {"werkzeug", "requests", "_typeshed"}
            assert known or name.startswith("enrow_webhooks.sandbox"), name
    inside = [
        node for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for node in ast.walk(function)
    ]
    assert not [node for node in inside if isinstance(node, ast.Import | ast.ImportFrom)]
