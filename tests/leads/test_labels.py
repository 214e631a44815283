"""A project with an app of its own that is labelled ``leads`` is told so, before anything else fails."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from leads.apps import LeadsConfig
from leads.labels import refuse_another
from tests.enrow_webhooks.support import ROOT

OWN = """
from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "{name}"
    {label}
"""
SETTINGS = """
SECRET_KEY = "x"
USE_TZ = True
DATABASES = {{}}
INSTALLED_APPS = {apps}
"""
OURS = ["enrow_webhooks", "leads"]


@pytest.fixture
def start(tmp_path):
    """Start a project with these apps, one of them its own; return how it ends."""

    def run(*installed, name="crm.leads", label=""):
        package = tmp_path.joinpath(*name.split("."))
        package.mkdir(parents=True)
        (tmp_path / "crm").joinpath("__init__.py").touch()
        (package / "__init__.py").touch()
        (package / "apps.py").write_text(OWN.format(name=name, label=label))
        (tmp_path / "labels_settings.py").write_text(SETTINGS.format(apps=list(installed)))
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "labels_settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
        return subprocess.run(
            [sys.executable, "-c", "import django; django.setup()"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )

    return run


@pytest.mark.slow
@pytest.mark.parametrize("is_first", [True, False], ids=["theirs first", "ours first"])
@pytest.mark.parametrize(
    ("name", "label", "entry"),
    [
        ("crm.leads", "", "crm.leads"),
        ("crm.leads", "", "crm.leads.apps.SalesConfig"),
        ("crm.sales", 'label = "leads"', "crm.sales"),
    ],
)
def test_two_apps_with_our_label_are_named_in_both_orders(start, tmp_path, is_first, name, label, entry):
    """Django's own sentence names neither, and comes before any system check."""
    done = start(*([entry, *OURS] if is_first else [*OURS, entry]), name=name, label=label)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured: Two entries of INSTALLED_APPS"), done.stderr
    place = tmp_path.joinpath(*name.split("."))
    theirs, ours = (
        f"'{entry}' ({name}.apps.SalesConfig, in {place})",
        f"'leads' (leads.apps.LeadsConfig, in {ROOT / 'leads'})",
    )
    assert " and ".join([theirs, ours] if is_first else [ours, theirs]) in last
    assert "no way round" in last


@pytest.mark.slow
def test_an_app_that_gives_itself_another_label_is_right(start):
    """Though its folder is called the same."""
    done = start("crm.leads", *OURS, label='label = "crm_leads"')
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_an_app_that_cannot_be_loaded_is_left_to_django(start):
    """Its own error is the one to read."""
    done = start(*OURS, "crm.nothing")
    assert done.stderr.strip().splitlines()[-1] == "ModuleNotFoundError: No module named 'crm.nothing'"


def test_our_app_listed_twice_is_told():
    """Or a project's own top-level package that Python does not find any more."""
    own = apps.get_app_config("leads")
    with pytest.raises(ImproperlyConfigured, match=r"Two entries of INSTALLED_APPS .*'leads' .* and 'leads'"):
        refuse_another(own, "leads", [*OURS, "leads"])
    refuse_another(own, "leads", OURS)


def test_another_label_for_our_app_is_refused():
    """Its migrations would be somebody else's."""

    class Renamed(LeadsConfig):
        label = "enrow_leads"

    with pytest.raises(ImproperlyConfigured, match=r"Renamed gives the app 'leads' the label 'enrow_leads'"):
        Renamed("leads", apps.get_app_config("leads").module)


def test_a_config_of_the_project_that_inherits_ours_is_ours():
    """With another name for people, say. AppConfigs may stand in the list themselves."""

    class Ours(LeadsConfig):
        verbose_name = "People"

    own = Ours("leads", apps.get_app_config("leads").module)
    refuse_another(own, "leads", ["enrow_webhooks", own])
    with pytest.raises(ImproperlyConfigured):
        refuse_another(own, "leads", ["leads", own])


MAPPING = """
from leads.mapping import unregister
from leads.models import Lead

unregister(Lead)
"""
IS_AWAY = """
import django
django.setup()
from leads.mapping import registry
print([mapping.label for mapping in registry])
"""


@pytest.mark.slow
@pytest.mark.parametrize("installed", [["shop", *OURS], [*OURS, "shop"]], ids=["before ours", "after ours"])
def test_a_project_takes_our_mapping_away_wherever_its_app_stands(tmp_path, installed):
    """Ours is there before any lead_mapping.py is read."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "lead_mapping.py").write_text(MAPPING)
    apps_too = ["django.contrib.auth", "django.contrib.contenttypes", *installed]
    (tmp_path / "shop_settings.py").write_text(SETTINGS.format(apps=apps_too))
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "shop_settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", IS_AWAY], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
