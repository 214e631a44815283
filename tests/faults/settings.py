"""Settings of the processes that these tests start: the demo project's, with a beat that does not wait for long."""

from config.settings import *  # noqa: F403 - as every settings file that builds on another
from tests.faults import accidents

CELERY_BEAT_SCHEDULE = beat_schedule(every=1.0)  # noqa: F405 - from there
ENROW = ENROW | {"BATCH_SIZE": env.int("FAULTS_BATCH_SIZE", default=5)}  # noqa: F405 - from there

accidents.prepare()
