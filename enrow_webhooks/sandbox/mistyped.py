"""An answer in which one value has another JSON type than the documentation gives it: for ``wrong-types``."""

import copy
from typing import Any

Path = tuple[str | int, ...]

_SAMPLES: tuple[Any, ...] = (None, True, 7, "text", [1], {"key": "value"})


def mistyped(body: Any, place: float, value: float) -> Any:  # noqa: ANN401 -- any JSON
    """Return a body with one value of another type, or another body altogether.

    Which value, and what it becomes, is decided by two lots from 0 (included) to 1 (excluded).
    """
    paths = list(_paths(body, ()))
    path = paths[int(place * len(paths))]
    changed = copy.deepcopy({"body": body})
    holder: Any = changed
    for key in ("body", *path)[:-1]:
        holder = holder[key]
    last = ("body", *path)[-1]
    samples = [sample for sample in _SAMPLES if _type(sample) != _type(holder[last])]
    holder[last] = copy.deepcopy(samples[int(value * len(samples))])
    return changed["body"]


def _paths(value: Any, path: Path) -> list[Path]:  # noqa: ANN401 -- any JSON
    """Return the way to each value; of a list to its first item alone, so that long lists do not hide the rest."""
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value[:1]))
    else:
        inner = []
    return [path, *(deeper for key, item in inner for deeper in _paths(item, (*path, key)))]


def _type(value: object) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
