"""The tests' project, with the extra ``api`` and an API of its own."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework", "drf_spectacular"]  # noqa: F405
ROOT_URLCONF = "tests.api_host.urls"
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = {"TITLE": "django-enrow", "DESCRIPTION": "The JSON API of django-enrow.", "VERSION": "1"}
