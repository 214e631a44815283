"""What a person does at a browser: sign in, read, tick, press, wait."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import Permission, User
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

# Seconds that a page may take on a busy machine.
PATIENCE = 30


@dataclass
class Person:
    """Somebody at a browser."""

    driver: Chrome
    site: str

    def sign_in(self, *codenames: str) -> None:
        """Sign in as a member of staff who has these permissions; without any, as who may do everything."""
        user = User.objects.create_user("ann", password="secret", is_staff=True, is_superuser=not codenames)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        self.open("/admin/login/")
        self.one("[name=username]").send_keys("ann")
        self.one("[name=password]").send_keys("secret")
        self.one("[type=submit]").click()
        self.reads("Site administration")

    def open(self, path: str) -> None:
        """Open a page of the site."""
        self.driver.get(self.site + path)

    def one(self, selector: str) -> WebElement:
        """Return an element of the page."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        """Return all such elements."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    @property
    def text(self) -> str:
        """All that the page shows."""
        # In one step: an element that was found may belong to the page before by the time it is read.
        return str(self.driver.execute_script("return document.body ? document.body.innerText : ''"))

    def shows(self, selector: str) -> bool:
        """Whether the page has such an element where it can be seen."""
        script = "return Boolean(document.querySelector(arguments[0])?.offsetParent)"
        return bool(self.driver.execute_script(script, selector))

    def reads(self, words: str) -> None:
        """Wait until the page shows these words."""
        WebDriverWait(self.driver, PATIENCE).until(lambda _driver: words in self.text, f"not on the page: {words}")

    def waits_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        WebDriverWait(self.driver, PATIENCE).until(lambda _driver: holds())

    def waits(self, seconds: float) -> None:
        """Let time pass, for what must not happen meanwhile."""
        time.sleep(seconds)

    def press(self, selector: str) -> None:
        """Press a button by the keyboard; the page may exchange it at this very moment."""
        for _ in range(3):
            with contextlib.suppress(StaleElementReferenceException):
                self.one(selector).send_keys(Keys.ENTER)
                return

    def choose(self, action: str) -> None:
        """Tick all rows of a list and run an action."""
        self.one("#action-toggle").click()
        Select(self.one("select[name=action]")).select_by_value(action)
        self.one("button[name=index]").click()

    def leave_a_mark(self) -> None:
        """Write something into the page that a reload would wipe out."""
        self.driver.execute_script("window.mark = true")

    @property
    def has_mark(self) -> bool:
        """Whether the page is the very one on which the mark was left."""
        return bool(self.driver.execute_script("return window.mark === true"))

    def lose_the_network(self, *, lost: bool) -> None:
        """Take the cable out, or put it back."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        conditions = {"offline": lost, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    @property
    def complaints(self) -> list[str]:
        """What the browser's console says is wrong; that a site has no icon is not."""
        said = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        return [message for message in said if "/favicon.ico" not in message]
