"""What a reader of the repository meets beside the code: pages, links, words, the CI workflow, hooks and templates."""

from __future__ import annotations

import fnmatch
import importlib.util
import itertools
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from celery import current_app
from django.apps import apps
from markdown_it import MarkdownIt
from markdown_it.token import Token

from leads import permissions

ROOT = Path(__file__).resolve().parent.parent
# Made by tools, and not part of the repository.
MADE = {"build", "dist", "htmlcov", "site", "var"}
# Hidden folders that are part of it.
SHOWN = {".ci", ".github"}
# What was once measured keeps the words and paths of its day.
RECORDS = ROOT / "benchmarks" / "results"


def files(pattern: str) -> list[Path]:
    """Return the repository's own files of a pattern."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        # Not looked into: another run may install or remove something there at this moment.
        folders[:] = [name for name in folders if not _is_foreign(name)]
        found += [Path(folder, name) for name in fnmatch.filter(names, pattern)]
    return sorted(found)


def _is_foreign(folder: str) -> bool:
    return folder in MADE or (folder.startswith(".") and folder not in SHOWN)


def name(path: Path) -> str:
    """Return a file's path from the root, for the ids of tests."""
    return path.relative_to(ROOT).as_posix()


PAGES = [page for page in files("*.md") if RECORDS not in page.parents]
YAML = files("*.y*ml")


def sentences(page: Path) -> Iterator[tuple[int, list[Token]]]:
    """Yield the pieces of every paragraph, heading, list item and cell of a page, with the line where it begins."""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type == "inline":
            yield (token.map or [0])[0] + 1, token.children or []


def code(page: Path) -> set[str]:
    """Return what a page shows as code within its sentences."""
    return {piece.content for _, pieces in sentences(page) for piece in pieces if piece.type == "code_inline"}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    titles = [after for before, after in itertools.pairwise(tokens) if before.type == "heading_open"]
    slugs = ["".join(child.content for child in title.children or []) for title in titles]
    slugs = [re.sub(r"[^\w\- ]", "", slug.lower()).replace(" ", "-") for slug in slugs]
    times: Counter[str] = Counter()
    for number, slug in enumerate(slugs):
        slugs[number] = f"{slug}-{times[slug]}" if times[slug] else slug
        times[slug] += 1
    return set(slugs)


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Yield every link and picture of a page that leads into the repository, with its line."""
    for line, pieces in sentences(page):
        targets = [str(piece.attrGet("href") or piece.attrGet("src") or "") for piece in pieces]
        yield from ((line, unquote(target)) for target in targets if target and not re.match(r"[a-z]+:", target))


def is_dead(page: Path, link: str) -> bool:
    """Tell whether a link leads to no file, or to no heading of its page."""
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return not target.exists() or (bool(anchor) and anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    """A link to another page, picture or heading of the repository is never dead."""
    assert not [f"line {line}: {link}" for line, link in links(page) if is_dead(page, link)]


def test_a_dead_link_is_found(tmp_path):
    """A link to a file or heading that is not there counts as dead, in a table too; one that is there does not."""
    page = tmp_path / "page.md"
    page.write_text(
        "# The `way` out, and back\n\n[a](#the-way-out-and-back) [b](#no)\n\n|[c](no.md)|\n|-|\n|![d](page.md)|\n"
    )

    assert [link for _, link in links(page) if is_dead(page, link)] == ["#no", "no.md"]


PATH = re.compile(r"(?:benchmarks|config|docs|enrow_webhooks|examples|leads|tests|\.ci|\.github)/[\w./-]*")
DOTTED = re.compile(r"((?:enrow_webhooks|leads|config)(?:\.\w+)+)(?:\(.*\))?")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_a_page_names_is_there(page):
    """A path of this repository that a sentence names exists: pages are moved and renamed with the code."""
    assert not [path for path in sorted(code(page)) if PATH.fullmatch(path) and not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_name_that_a_page_names_is_there(page):
    """A dotted name of ours that a sentence uses is a module, something in one, a model, a permission or a task."""
    named = [match[1] for match in map(DOTTED.fullmatch, sorted(code(page))) if match]
    assert not [dotted for dotted in named if not is_known(dotted)]


def is_known(dotted: str) -> bool:
    """Tell whether a dotted name means something: import as much of it as is a module, then follow its attributes."""
    current_app.autodiscover_tasks(force=True)
    label, _, rest = dotted.partition(".")
    if (
        dotted in vars(permissions).values()
        or dotted in current_app.tasks
        or (label in apps.app_configs and rest.lower() in apps.all_models[label])
    ):
        return True
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def test_a_stale_name_is_found():
    """What is neither module, attribute, model nor task is not known; one of each kind is."""
    assert all(map(is_known, ["leads.enrichment.enrich", "leads.Lead", "leads.submit_jobs", "enrow_webhooks.inbox"]))
    assert not any(
        map(is_known, ["leads.enrichment.enrol", "leads.Person", "leads.writing", "enrow_webhooks.collector"])
    )


IMPORT = re.compile(r"^\s*(?:from|import) ((?:enrow_webhooks|leads|config)[\w.]*)", re.MULTILINE)
PROGRAMS = [path for path in files("*.py") if path.relative_to(ROOT).parts[0] in {"tests", "benchmarks", "examples"}]


@pytest.mark.parametrize("path", PROGRAMS, ids=name)
def test_every_import_is_there_also_in_a_program_that_is_a_text(path):
    """Programs that a test runs in another process are texts: no tool sees that a module in them was renamed."""
    modules = set(IMPORT.findall(path.read_text(encoding="utf-8")))
    assert not [module for module in sorted(modules) if importlib.util.find_spec(module) is None]


# One word for one thing, and plain English: what is not said, and what is said instead.
WORDS = {
    r"mend(s|ed|ing)?": "fix",
    r"floors?": "app; for a figure: baseline",
    r"whoever": "the caller, another process, everybody who",
    r"s?he|his|hers?|him|(him|her)self": "they, or name the role",
    r"notices?": "webhook event (the row, the message), delivery (one HTTP request of Enrow)",
    r"made[ -]up": "generated",
    r"go(es|ing)? on|went on": "continue",
}


def prose_of_markdown(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the text of a page without its code: a name in the code is changed in the code first."""
    stand_in = {"softbreak": " ", "hardbreak": " ", "code_inline": "`"}
    for line, pieces in sentences(path):
        read = (one.content if one.type in {"text", "image"} else stand_in.get(one.type, "") for one in pieces)
        yield line, "".join(read)


# By the ending of the files, how their prose is read. The packages' own texts follow when their words are changed.
READERS: dict[str, Callable[[Path], Iterator[tuple[int, str]]]] = {".md": prose_of_markdown}
WORDED = [path for suffix in READERS for path in files(f"*{suffix}") if RECORDS not in path.parents]


@pytest.mark.parametrize("path", WORDED, ids=name)
def test_the_words_are_those_of_the_glossary(path):
    """One word for one thing, and words that everybody knows."""
    found = [
        f"line {line}: {match[0]!r}; say: {instead}"
        for line, text in READERS[path.suffix](path)
        for word, instead in WORDS.items()
        for match in re.finditer(rf"\b(?:{word})\b", text, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


def test_a_wrong_word_is_found_in_prose_and_left_alone_in_code(tmp_path):
    """Sentences, headings, tables and link texts are read; code and longer words are not."""
    page = tmp_path / "page.md"
    page.write_text(
        "# Mended\n\nHe [notices](x.md) `notice`, amends\nthe theme and goes\non.\n\n"
        "|floor|\n|-|\n|made-up|\n\n```\nwhoever\n```\n"
    )
    text = " ".join(text for _, text in prose_of_markdown(page))

    found = [match[0] for word in WORDS for match in re.finditer(rf"\b(?:{word})\b", text, re.IGNORECASE)]
    assert found == ["Mended", "floor", "He", "notices", "made-up", "goes on"]


@pytest.mark.parametrize("path", YAML, ids=name)
def test_every_yaml_file_can_be_read(path):
    """A workflow, hook or template with a slip in it would be ignored without a word."""
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_the_hosted_ci_runs_what_every_machine_runs():
    """The workflow checks by .ci/run and by nothing of its own, so that a failure there can be had anywhere."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    # YAML 1.1 reads the key "on" as true.
    assert {"push", "pull_request"} <= set(workflow[True])
    assert job["steps"][-1]["run"] == "bash .ci/run"
    assert (ROOT / ".ci/run").is_file()
    assert not any(word in str(job) for word in ("pytest", "mypy", "ruff", "continue-on-error"))


def test_the_hooks_run_the_tools_of_the_environment():
    """Hooks use the versions that make installed, targets that exist, and never reshape Markdown."""
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    hooks = {hook["id"]: hook for hook in repo["hooks"]}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert repo["repo"] == "local"
    assert set(hooks) == {"ruff", "ruff-format", "imports", "types"}
    for hook in hooks.values():
        program, argument, *_ = hook["entry"].split()
        assert program == ".venv/bin/ruff" or (program == "make" and argument in targets), hook["entry"]
    assert all(hooks[ruff]["types_or"] == ["python", "pyi"] for ruff in ("ruff", "ruff-format"))


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_the_issue_forms_ask_what_github_can_show(form):
    """Each form has a name, a description, and questions with a label and an id of their own."""
    asked = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{form}.yml").read_text(encoding="utf-8"))
    questions = [item for item in asked["body"] if item["type"] != "markdown"]
    ids = [question["id"] for question in questions]

    assert asked["name"]
    assert asked["description"]
    assert len(ids) == len(set(ids)) > 2
    assert all(question["attributes"]["label"] for question in questions)
    assert any(question.get("validations", {}).get("required") for question in questions)


def test_the_source_distribution_has_what_its_tests_need():
    """Every page of the root, and every hidden file that make and these tests read, is in the sdist."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    pages = {f"/{path.name}" for path in ROOT.glob("*.md")}

    assert pages | {"/.ci", "/.github", "/.editorconfig", "/.pre-commit-config.yaml", "/docs"} <= set(included)


def test_every_target_that_the_makefile_names_has_a_recipe():
    """A phony target without one does nothing and says that all is well."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (named,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert set(named.split()) == set(re.findall(r"^([a-z-]+):(?! export)", text, re.MULTILINE))
