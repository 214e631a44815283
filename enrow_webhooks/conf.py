"""The ``ENROW`` dict of Django's settings, read at access, so that a test or a reload sees what is set now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from enrow_webhooks.client.http import DEFAULT_BASE_URL, DEFAULT_DEADLINE, DEFAULT_TIMEOUT


class Section:
    """A group of keys of ``ENROW``. A subclass lists its keys, with their defaults, in ``defaults``."""

    defaults: ClassVar[dict[str, Any]] = {}
    # Every key that some section knows: what else is in ENROW is a typing error.
    known: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        Section.known |= cls.defaults

    def get(self, key: str) -> Any:  # noqa: ANN401 - one place where settings are untyped; the properties type them
        """Return what is set under the key, else its default. None, as ``os.environ.get`` gives it, is not set."""
        value = getattr(settings, "ENROW", {}).get(key)
        return self.defaults[key] if value is None else value


class EnrowSettings(Section):
    """What the enrow_webhooks app needs to know."""

    defaults: ClassVar[dict[str, Any]] = {
        "API_KEY": "",
        "BASE_URL": DEFAULT_BASE_URL,
        "TIMEOUT": DEFAULT_TIMEOUT,
        "DEADLINE_SECONDS": DEFAULT_DEADLINE,
        "SANDBOX_HOST": "",
        "WEBHOOK_ORIGIN": "",
        "WEBHOOK_SECRETS": (),
        "POSTS_PER_SECOND": 10,
        "POST_BUDGET_STORAGE": "memory://",
        "MAX_BODY_BYTES": 1024 * 1024,
        "EVENT_LEASE_SECONDS": 300,
        "EVENT_MAX_ATTEMPTS": 14,
        "PAYLOAD_DAYS": 30,
        "TASK_BACKEND": None,
    }

    @property
    def api_key(self) -> str:
        """Enrow's key; raises ImproperlyConfigured when blank."""
        key = str(self.get("API_KEY")).strip()
        if not key:
            raise ImproperlyConfigured('ENROW["API_KEY"] is blank; set it to the key from Enrow\'s dashboard.')
        return key

    @property
    def base_url(self) -> str:
        """Where the API answers."""
        return str(self.get("BASE_URL"))

    @property
    def timeout(self) -> tuple[float, float]:
        """Seconds to connect, and between two bytes of an answer."""
        return cast("tuple[float, float]", tuple(self.get("TIMEOUT")))

    @property
    def deadline_seconds(self) -> float:
        """Seconds for one call to the API, with all its tries."""
        return float(self.get("DEADLINE_SECONDS"))

    @property
    def sandbox_host(self) -> str:
        """The one other machine that plain http is spoken with."""
        return str(self.get("SANDBOX_HOST"))

    @property
    def webhook_origin(self) -> str:
        """The public address of this site, without a slash at the end; blank: no webhooks, polling only."""
        return str(self.get("WEBHOOK_ORIGIN")).rstrip("/")

    @property
    def webhook_secrets(self) -> Sequence[str]:
        """The secrets that may stand in the URL set in Enrow's dashboard; the first is the current one."""
        secrets = self.get("WEBHOOK_SECRETS")
        # A lone text is one secret: taken as a list, each of its letters would open the door.
        return [secret for secret in ([secrets] if isinstance(secrets, str) else secrets) if secret]

    @property
    def posts_per_second(self) -> int:
        """How many POSTs per second all workers together may send."""
        return int(self.get("POSTS_PER_SECOND"))

    @property
    def post_budget_storage(self) -> str:
        """Where that budget is counted: a storage URL of the ``limits`` library."""
        return str(self.get("POST_BUDGET_STORAGE"))

    @property
    def max_body_bytes(self) -> int:
        """The largest webhook body that is read."""
        return int(self.get("MAX_BODY_BYTES"))

    @property
    def event_lease_seconds(self) -> int:
        """How long a worker may take over one event before another may take it."""
        return int(self.get("EVENT_LEASE_SECONDS"))

    @property
    def event_max_attempts(self) -> int:
        """After how many failures an event is dead and waits for a person."""
        return int(self.get("EVENT_MAX_ATTEMPTS"))

    @property
    def task_backend(self) -> str:
        """Who carries the messages that wake workers; blank: Celery where the project has an app, else nobody."""
        return str(self.get("TASK_BACKEND") or "")

    @property
    def payload_days(self) -> int:
        """For how many days the bodies of processed events are kept."""
        return int(self.get("PAYLOAD_DAYS"))


enrow_settings = EnrowSettings()
