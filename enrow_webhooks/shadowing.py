"""Whether the package beside this one is the one that Python finds by its name."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import enrow_webhooks


def shadow_of(name: str) -> tuple[str, str] | None:
    """Return where a package of our distribution is loaded from, and where it is; None where the two are one.

    Both packages of a distribution lie side by side: in site-packages, in a source tree that is installed editable, in
    a zip file. Where there is none beside this one, or none at all, nothing shadows it.
    """
    found = _found(name)
    beside = [str(Path(folder).parent) for folder in enrow_webhooks.__path__]
    ours = importlib.machinery.PathFinder.find_spec(name, beside)
    if found is None or ours is None or not _is_package(ours) or _places(found) & _places(ours):
        return None
    return _place(found), _place(ours)


def _found(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):  # somebody put a module there that says nothing of where it is from
        return None


def _is_package(spec: ModuleSpec) -> bool:
    """Tell whether it is code: a folder that only has the name is no package of ours."""
    return spec.origin is not None and spec.submodule_search_locations is not None


def _places(spec: ModuleSpec) -> set[str]:
    places = spec.submodule_search_locations or [spec.origin or ""]
    return {os.path.normcase(os.path.realpath(place)) for place in places}


def _place(spec: ModuleSpec) -> str:
    return next(iter(spec.submodule_search_locations or []), None) or spec.origin or "an unknown place"
