"""No piece of code in the documentation is without a test, and no tool may change one."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.docs.pages import BLOCKS, ROOT, UnclassifiedError, Way, read, way_of
from tests.docs.projects import PAGES, is_for_project

# What a formatter of Python would make a tuple of, and what it would tidy.
ODD_PYTHON = 'path( "webhooks/enrow/",include("enrow_webhooks.urls") ),\n'
ODD_PAGE = f"# Page\n\n```python\n{ODD_PYTHON}```\n"


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_is_tested(block):
    """Each block has a language, and says as what it is pasted or run."""
    assert way_of(block)


def test_each_page_about_a_project_is_followed():
    """A page that says what to paste into a project, or to type there, has a test that does it all in order."""
    about = {
        block.page
        for block in BLOCKS
        if way_of(block) in {Way.PASTE, Way.SHELL} or any(map(is_for_project, block.text.splitlines()))
    }
    assert about == PAGES


@pytest.mark.parametrize(
    "page",
    [
        "```\nmake demo\n```\n",
        "~~~\nmake demo\n~~~\n",
        "    make demo\n",
        "- a list\n\n  ```\n  make demo\n  ```\n",
        "<pre>\nmake demo\n</pre>\n",
        "```python\nENROW = {}\n```\n",
        "```csv\ncrm_id\n```\n",
        "```cobol\nSTOP RUN.\n```\n",
    ],
    ids=["no language", "tildes", "indented", "in a list", "HTML", "no file", "no name", "unknown language"],
)
def test_a_block_that_nothing_tests_is_an_error(page):
    """A new block cannot be forgotten: whatever its fence looks like, it is seen, and refused until it is tested."""
    (block,) = read(page, "page.md")
    with pytest.raises(UnclassifiedError, match=r"page\.md:\d: nothing tests this block; "):
        way_of(block)


@pytest.mark.parametrize("words", [["."], ["README.md", "docs/page.md", "module.py"]], ids=["the folder", "by name"])
def test_the_formatter_leaves_the_documentation_alone(tmp_path, words):
    """A formatter once made a tuple of README's line for urls.py: it may format Python, and no block of a page."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "docs").mkdir()
    pages = [tmp_path / "README.md", tmp_path / "docs" / "page.md"]
    for page in pages:
        page.write_text(ODD_PAGE)
    module = tmp_path / "module.py"
    module.write_text(ODD_PYTHON)

    subprocess.run([sys.executable, "-m", "ruff", "format", *words], cwd=tmp_path, check=True, capture_output=True)

    assert module.read_text() != ODD_PYTHON, "the formatter did not run"
    assert [page.read_text() for page in pages] == [ODD_PAGE, ODD_PAGE]
