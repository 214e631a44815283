"""A real browser, driven as a person does it."""

from __future__ import annotations

import shutil

import pytest
from selenium import webdriver

from tests.browser.person import Person


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests; each begins without cookies."""
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(argument)
    # Named, so that nothing is looked for or fetched.
    options.binary_location = shutil.which("chromium") or ""
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def person(chromium, live_server):
    """A person at the browser who has not signed in."""
    yield Person(chromium, live_server.url)
    chromium.delete_all_cookies()
    chromium.get("about:blank")
    chromium.get_log("browser")  # what it told of this page is nothing of the next
