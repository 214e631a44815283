"""Make the pictures of the documentation: the demo's leads are enriched in its admin, by a real browser.

``make pictures`` or ``python -m examples.pictures`` writes ``docs/admin-*.png``. Needs Debian's packages chromium and
chromium-driver.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from leads.kinds import Kind

ROOT = Path(__file__).resolve().parent.parent
# Seconds for a page or a run on a busy machine.
PATIENCE = 120
# The last line that the demo prints before it waits.
UP = "Ctrl-C stops everything.\n"
CHROMIUM = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1280,860")


def main() -> None:
    """Keep the demo up and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        demo = [sys.executable, "-m", "examples.demo", "--serve", "--folder", folder]
        with subprocess.Popen(demo, cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving:
            said = ""
            while not said.endswith(UP):
                line = serving.stdout.readline()
                if not line:
                    sys.exit(f"The demo ended:\n{said}")
                said += line
            try:
                (access,) = re.findall(r"^Open +(\S+)\nLog in with +(\S+) +and +(\S+)$", said, re.MULTILINE)
                take(*access)
            finally:
                serving.terminate()
                # Read to its end: the demo still says that it stops.
                serving.communicate()


def take(address: str, user: str, password: str) -> None:
    """Find the e-mails of the leads, and save the question, the run when it has finished, and the list."""
    options = webdriver.ChromeOptions()
    for argument in CHROMIUM:
        options.add_argument(argument)
    # Named, so that nothing is looked for or fetched.
    options.binary_location = shutil.which("chromium") or ""
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))) as driver:

        def press(selector: str) -> None:
            driver.find_element(By.CSS_SELECTOR, selector).click()

        def save(name: str) -> None:
            driver.save_screenshot(str(ROOT / "docs" / f"admin-{name}.png"))

        driver.get(address)
        driver.find_element(By.NAME, "username").send_keys(user)
        driver.find_element(By.NAME, "password").send_keys(password)
        press("[type=submit]")
        press("#action-toggle")
        Select(driver.find_element(By.NAME, "action")).select_by_value(next(iter(Kind)))
        press("button[name=index]")
        save("question")
        press("form:not(#logout-form) [type=submit]")
        WebDriverWait(driver, PATIENCE).until(lambda page: "Finished" in page.page_source)
        save("run")
        driver.get(address)
        save("leads")


if __name__ == "__main__":
    main()
