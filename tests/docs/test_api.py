"""The page of the API, followed with curl: from nothing to an enriched lead."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from examples.demo.processes import answers, free_ports
from tests import services
from tests.docs.pages import Way, blocks, way_of
from tests.docs.projects import adopt, project

__all__ = ["project"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PAGE = "docs/api.md"
PUBLISHED = "http://127.0.0.1:8000"
PATIENCE = 60


class Reader:
    """Types what the page says, with the port, the token and the id that came in place of those that it shows."""

    def __init__(self, project):
        self.project = project
        (self.port,) = free_ports(1)
        self.answers = []
        # What the page leaves to be filled in.
        self.known = {}

    def type(self, line):
        line = line.replace(PUBLISHED, f"http://127.0.0.1:{self.port}")
        if line.startswith("curl "):
            self.curl(line)
        elif line.startswith("export ") and (name := line.split()[1].partition("=")[0]) in self.known:
            self.project.environment[name] = self.known[name]
        elif line.startswith("export DJANGO"):
            self.project.environment["DJANGO_SUPERUSER_PASSWORD"] = line.partition("=")[2].strip('"')
        elif line.endswith(" runserver"):
            self.start("site", "runserver", "--noreload", str(self.port))
        elif "enrow_sweep" in line:
            self.start("sweep", "enrow_sweep", "--every", "1")
        else:
            self.project.type([line])
            if said := re.search(r"token (\w+) for user", self.project.said.get(line, "")):
                self.known["TOKEN"] = said[1]

    def start(self, name, *words):
        # As Programs.start does it, with what the page exported.
        running = self.project.running
        running.environment.update(self.project.environment)
        program = running.start(name, [sys.executable, "manage.py", *words])
        if name == "site":
            running.wait_for(program, lambda: answers(self.port, "/admin/login/"))

    def curl(self, line):
        deadline = time.monotonic() + PATIENCE
        while True:
            said = self.ask(line)
            if "/progress/" not in line or json.loads(said)["is_over"]:
                break
            assert time.monotonic() < deadline, said
            time.sleep(0.5)
        self.answers.append((line, said))
        if found := re.search(r"Location: \S*/runs/([0-9a-f-]{36})/", said):
            self.known["RUN"] = found[1]

    def ask(self, line):
        done = subprocess.run(
            ["bash", "-c", line],
            env=self.project.environment | {"PATH": os.environ["PATH"], "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    def said(self, part):
        return [said for line, said in self.answers if part in line]


def test_the_page_of_the_api(project):
    """Every line of it, in order: the estimate, the run, its progress, what was found and what it cost."""
    if not all(map(shutil.which, ("curl", "bash"))):
        (pytest.fail if services.IS_CI else pytest.skip)("curl is not installed.")
    adopt(project)
    reader = Reader(project)
    page = blocks(PAGE)
    # The file is shown behind the line that reads it.
    for block in sorted(page, key=lambda block: block.language != "csv"):
        if way_of(block) is Way.PASTE:
            project.paste(block)
        else:
            for line in block.text.splitlines():
                reader.type(line)
                if line.startswith("export ENROW"):
                    # Results are fetched.
                    project.environment["ENROW_WEBHOOK_ORIGIN"] = ""
    (models,) = reader.said("/models/")[:1]
    assert json.loads(models)["results"][0]["model"] == "leads.lead"
    assert [row["crm_id"] for row in json.loads(reader.said("never_tried")[0])["results"]] == ["crm-1", "crm-2"]
    assert json.loads(reader.said("/estimates/")[0])["worst_case"] == "2.00"
    (run,) = reader.said("order-1")
    assert " 202 " in run.splitlines()[0]
    assert "Retry-After: 2" in run
    progress = json.loads(reader.said("/progress/")[0])
    assert (progress["done"], progress["found"]) == (2, 1)
    assert {row["outcome"] for row in json.loads(reader.said("/searches/")[0])["results"]} == {"found", "not_found"}
    lead = json.loads(reader.said("/crm-1/")[0])
    assert lead["values"][0]["value"].startswith("ann.somebody@")
    assert json.loads(reader.said("/credits/")[0])["today"]["spent"] == "1.00"
