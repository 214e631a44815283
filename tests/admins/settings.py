"""Settings of that project: the library and the file come from the environment."""

import os

LIBRARY = os.environ["ADMINS_LIBRARY"]
# What each library wants in INSTALLED_APPS before Django's admin.
APPS = {
    "": [],
    "unfold": ["unfold", "unfold.contrib.filters", "unfold.contrib.forms"],
    "jazzmin": ["jazzmin"],
    "grappelli": ["grappelli"],
    "import_export": ["import_export"],
    "simple_history": ["simple_history"],
}

SECRET_KEY = "of-another-project"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
INSTALLED_APPS = [
    *APPS[LIBRARY],
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "enrow_webhooks",
    "leads",
    "tests.admins",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
if LIBRARY == "simple_history":
    MIDDLEWARE.append("simple_history.middleware.HistoryRequestMiddleware")
ROOT_URLCONF = "tests.admins.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["ADMINS_DATABASE"]}}
CELERY_BROKER_URL = "memory://"
# Nobody answers there.
ENROW = {"API_KEY": "key", "BASE_URL": "http://127.0.0.1:9", "WEBHOOK_ORIGIN": "https://crm.example.com"}
