"""The demo project's settings, with the rivals beside our endpoint: all of them behind the same middleware."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.rivals"]  # noqa: F405
ROOT_URLCONF = "benchmarks.urls"
CELERY_TASK_DEFAULT_QUEUE = env.str("BENCHMARK_QUEUE", default="benchmark")  # noqa: F405
if env.bool("BENCHMARK_NO_MIDDLEWARE", default=False):  # noqa: F405
    MIDDLEWARE = []
