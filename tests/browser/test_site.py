"""What people ask of packages like this one is found by the search of the documentation's own site."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.person import PATIENCE
from tests.docs.pages import ROOT
from tests.services import IS_CI

pytestmark = [pytest.mark.chromium, pytest.mark.slow]

SITE = ROOT / "site"
# Asked by people who use other packages; what they would type, and the page that answers. The sources, on GitHub:
QUESTIONS = {
    # dj-stripe/dj-stripe 1829: "What is the correct way of working with Webhooks locally?"
    "try webhooks locally": "sandbox.html",
    # dj-stripe/dj-stripe 2179: "Difficulty testing dj-stripe webhook signals locally": no automated tests of receivers.
    "test my own code": "testing.html",
    # dj-stripe/dj-stripe 1327: "Webhook handler is not being called."
    "webhook never comes": "questions.html",
    # anymail/django-anymail 19: "403 Forbidden error from webhooks"
    "webhook url 404": "deployment.html",
    # tansengming/stripe-rails 149: "Using Multiple Signing Secrets"
    "rotate secret": "security.html",
    # django-commons/django-simple-history 174: history is not logged "when .update() or bulk_create are used"
    "simple-history post_save": "hooks.html",
    # django-import-export/django-import-export 1160: "How do you deal with server timeouts?", importing much.
    "import large file": "importing.html",
    # django-import-export/django-import-export 1524: "EOF page showing up when I try to upload excel file"
    "excel file xlsx": "files.html",
    # django-import-export/django-import-export 1975: "Add Background Task Support", with Django's tasks, not Celery.
    "without celery": "runs.html",
    # mixcloud/django-experiments 165: "Support non-int user PKs"
    "uuid primary key": "mapping.html",
}


@pytest.fixture(scope="module")
def search(chromium):
    """Type words into the site's search; return the pages of its first three hits."""
    if not (SITE / "index.html").exists():
        (pytest.fail if IS_CI else pytest.skip)("There is no site/; build it with make docs.")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            """Say nothing."""

    serve = functools.partial(Handler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def first_hits(words):
            chromium.get("about:blank")
            chromium.get(f"http://127.0.0.1:{server.server_port}/index.html?q={words.replace(' ', '+')}")
            # One link for a page; its further sections are behind it.
            link = ".md-search-result__item > a:first-of-type"
            found = WebDriverWait(chromium, PATIENCE).until(lambda page: page.find_elements(By.CSS_SELECTOR, link))
            return [one.get_attribute("href").split("?")[0].split("#")[0].rpartition("/")[2] for one in found[:3]]

        yield first_hits
        chromium.get("about:blank")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_question_is_answered_by_one_of_the_first_three_hits(search, words):
    """Nobody reads further."""
    assert QUESTIONS[words] in search(words)
