"""A small CRM's settings; ACME_DATABASE is JSON. As in production: the real Enrow, a broker, and no rows in it yet."""

import json
import os

SECRET_KEY = "acme"
ALLOWED_HOSTS = ["crm.acme.com"]
ROOT_URLCONF = "acme.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": json.loads(os.environ["ACME_DATABASE"])}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "crm", "enrow_webhooks", "leads"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
SECURE_SSL_REDIRECT = True
ENROW = {"API_KEY": "the-real-key", "WEBHOOK_ORIGIN": "https://crm.acme.com", "BATCHED_DAILY_CREDITS": 100}
