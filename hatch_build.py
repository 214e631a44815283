"""The README as PyPI shows it: there a link must name a site, here it leads to the file beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# A page of the documentation, and a heading of it; a picture there.
_PAGE = re.compile(r"\]\(docs/([\w-]+)\.md(#[\w-]+)?\)")
_PICTURE = re.compile(r"\]\(docs/([\w-]+\.(?:png|svg))\)")
# CONTRIBUTING.md and the like, which the documentation has as pages of its own.
_BESIDE = re.compile(r"\]\(([A-Z]+)\.md\)")


class ReadmeHook(MetadataHookInterface):
    """Puts the address of the documentation in front of every link of the README."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in the long description. Raises KeyError where pyproject.toml names no Documentation."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        site = metadata["urls"]["Documentation"]
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, site),
        }


def absolute(text: str, site: str) -> str:
    """Return the README with links into the documentation at ``site``, which ends with a slash."""
    text = _PAGE.sub(lambda found: f"]({site}{found[1]}.html{found[2] or ''})", text)
    text = _PICTURE.sub(lambda found: f"]({site}{found[1]})", text)
    return _BESIDE.sub(lambda found: f"]({site}{found[1].lower()}.html)", text)
