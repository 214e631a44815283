"""Settings of the host: its API defaults and its file come from the environment."""

import json
import os

DEBUG = os.environ["HOST_DEBUG"] == "1"
# The host's own API tests run this way: what leaves a view is raised.
DEBUG_PROPAGATE_EXCEPTIONS = DEBUG
SECRET_KEY = "of-the-host"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "rest_framework",
    "enrow_webhooks",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.host.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["HOST_DATABASE"]}}
LOGGING_CONFIG = None
REST_FRAMEWORK = json.loads(os.environ["HOST_REST_FRAMEWORK"])
ENROW = {"WEBHOOK_SECRETS": ["a-secret-that-is-long-enough-1"], "MAX_BODY_BYTES": 10_000}
