"""A CRM's settings. CRM_DATABASE and CRM_ENROW are JSON: where its rows are, and what is set in ENROW."""

import json
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "acme"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "acme.urls"
USE_TZ = True
TIME_ZONE = "Europe/Paris"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": json.loads(os.environ["CRM_DATABASE"])}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "crm", "enrow_webhooks", "leads"]
ENROW = json.loads(os.environ["CRM_ENROW"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
