"""Settings of the tests: the demo project's, on DATABASE_URL's database, with a broker inside the process."""

import os

os.environ.setdefault("DJANGO_DEBUG", "1")
os.environ.setdefault("ENROW_API_KEY", "test-key")
os.environ.setdefault("ENROW_WEBHOOK_ORIGIN", "https://crm.example.com")

from config.settings import *  # noqa: F403

DEBUG = False
INSTALLED_APPS = [*INSTALLED_APPS, "tests.crm"]  # noqa: F405
SECRET_KEY = "tests"
CELERY_BROKER_URL = "memory://localhost/"
CELERY_BROKER_TRANSPORT = ""
CELERY_BROKER_TRANSPORT_OPTIONS = {}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Never the real API: a test that forgets the sandbox meets a closed port.
ENROW = ENROW | {"BASE_URL": "http://127.0.0.1:9", "POSTS_PER_SECOND": 1000, "POST_BUDGET_STORAGE": "memory://"}  # noqa: F405

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as users have it: with SQLite in memory all threads would share one connection and hide every lock.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}  # noqa: F405
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_enrow_{os.getpid()}"}  # noqa: F405
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
