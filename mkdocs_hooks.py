"""What the documentation's site has beside ``docs/``: the changelog and others that stand elsewhere.

MkDocs calls the two functions by their names, mkdocstrings the class. Links are written as they work in the
repository, and changed here.
"""

from __future__ import annotations

import re
from pathlib import Path

from griffe import Attribute, Docstring, Extension
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent
# The folder of the site that has them.
FOLDER = "project"
# For those who build this, records, and what is full of words: behind the pages that say how something is done.
FAINT = {"adding-a-kind.md", "architecture.md", "decisions.md", "performance.md", "python-api.md"}
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md", "benchmarks/results/*.md")
# A folder is no page; this one says what its results are.
RESULTS = re.compile(r"\]\(((?:\.\./)*)benchmarks/results/\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from beside ``docs/``."""
    for pattern in BESIDE:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            up = "../" * name.count("/")
            text = re.sub(rf"\]\({re.escape(up)}docs/", f"](../{up}", path.read_text(encoding="utf-8"))
            files.append(File.generated(config, f"{FOLDER}/{name}", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of ``docs/`` to these pages."""
    if page.file.src_uri.startswith(f"{FOLDER}/"):
        page.meta["search"] = {"exclude": "benchmarks" in page.file.src_uri, "boost": 0.3}
        return re.sub(r"\]\(results/\)", "](#)", markdown)
    if page.file.src_uri in FAINT:
        page.meta["search"] = {"boost": 0.3}
    return RESULTS.sub(r"](\1benchmarks/README.md)", markdown).replace("](../", f"]({FOLDER}/")


class CommentsAbove(Extension):
    """What a comment says above a field is what its docstring would say."""

    def on_attribute_instance(self, *, attr: Attribute, **kwargs: object) -> None:
        """Take the lines of comment right above as the docstring."""
        lines = attr.lines_collection[attr.filepath]
        end = first = (attr.lineno or 1) - 1
        while first and lines[first - 1].lstrip().startswith("# "):
            first -= 1
        if first < end and not attr.docstring:
            text = " ".join(line.strip().removeprefix("# ") for line in lines[first:end])
            attr.docstring = Docstring(text, parent=attr)
