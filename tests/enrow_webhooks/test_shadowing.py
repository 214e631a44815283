"""A project with a package of its own called ``leads`` is told which of the two Python finds."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

from enrow_webhooks.shadowing import shadow_of
from tests.enrow_webhooks.support import ROOT

LOOK = """
import sys
sys.path[:0] = sys.argv[1:]
from enrow_webhooks.shadowing import shadow_of
print(shadow_of("leads"))
"""


@pytest.fixture
def ours(tmp_path):
    """A place like site-packages: both packages, side by side."""
    folder = tmp_path / "site-packages"
    for name in ("enrow_webhooks", "leads"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").touch()
    (folder / "enrow_webhooks" / "shadowing.py").write_bytes((ROOT / "enrow_webhooks" / "shadowing.py").read_bytes())
    return folder


@pytest.fixture
def theirs(tmp_path):
    """A project folder with a package of that name."""
    (tmp_path / "project" / "leads").mkdir(parents=True)
    (tmp_path / "project" / "leads" / "__init__.py").touch()
    return tmp_path / "project"


def look(*paths):
    """Return what a new Python with these paths says."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOOK, *map(str, paths)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_here_nothing_is_in_the_way():
    """In this source tree."""
    assert shadow_of("leads") is None


def test_a_package_that_comes_first_hides_ours(ours, theirs):
    """Both places are named."""
    assert look(theirs, ours) == str((str(theirs / "leads"), str(ours / "leads")))


def test_ours_that_comes_first_is_right(ours, theirs):
    """Python finds it."""
    assert look(ours, theirs) == "None"


def test_a_single_module_hides_ours_too(ours, theirs):
    """``leads.py`` in the project's folder."""
    (theirs / "leads" / "__init__.py").rename(theirs / "leads.py")
    (theirs / "leads").rmdir()
    assert look(theirs, ours) == str((str(theirs / "leads.py"), str(ours / "leads")))


def test_a_folder_without_code_hides_nothing(ours, theirs):
    """Python takes a package before a folder that only has the name."""
    (theirs / "leads" / "__init__.py").unlink()
    assert look(theirs, ours) == "None"


def test_one_place_by_two_paths_is_one(ours, tmp_path):
    """An editable install may go over a link."""
    (tmp_path / "link").symlink_to(ours)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "leads").symlink_to(ours / "leads")
    assert look(tmp_path / "other", tmp_path / "link") == "None"


def test_packages_in_a_zip_file_are_side_by_side_too(ours, theirs, tmp_path):
    """There is no file to look at."""
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in ours.rglob("*.py"):
            file.write(path, path.relative_to(ours))
    assert look(packed) == "None"
    assert look(theirs, packed) == str((str(theirs / "leads"), str(packed / "leads")))


@pytest.mark.parametrize("is_there", [True, False])
def test_without_ours_beside_nothing_is_hidden(ours, theirs, is_there):
    """Somebody has only the one package, or neither Python nor the folder has a second."""
    (ours / "leads" / "__init__.py").unlink()
    (ours / "leads").rmdir()
    assert look(*([theirs] if is_there else []), ours) == "None"


def test_a_module_that_says_nothing_of_its_place_is_no_failure(monkeypatch):
    """Tests of a project put such things there."""
    module = type(sys)("leads")
    module.__spec__ = None
    monkeypatch.setitem(sys.modules, "leads", module)
    assert shadow_of("leads") is None


@pytest.mark.slow
def test_the_check_says_so(theirs):
    """Also where the project's own app is the one that is installed."""
    (theirs / "alone.py").write_text(
        "SECRET_KEY = 'x'\nINSTALLED_APPS = ['enrow_webhooks', 'leads']\nDATABASES = {}\n"
        "ENROW = {'API_KEY': 'x'}\nROOT_URLCONF = 'tests.empty_urls'\nUSE_TZ = True\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "alone", "PYTHONPATH": f"{theirs}:{ROOT}"}
    # By a program, for "-m" would put the folder where it starts before everything else.
    program = "import sys, django.core.management as m; m.execute_from_command_line(['manage.py', 'check'])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert "(enrow.W007)" in done.stderr, done.stderr
    assert f"finds {theirs / 'leads'}, which hides django-enrow's own in {ROOT / 'leads'}" in done.stderr
    assert "HINT: django-enrow's app and yours" in done.stderr
