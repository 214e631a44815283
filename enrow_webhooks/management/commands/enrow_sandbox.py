"""``manage.py enrow_sandbox``."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import CommandError, CommandParser

from enrow_webhooks.management.base import (
    EnrowCommand,
    amount,
    needs_person,
    port,
    seconds,
    whole_number,
    wrong_call,
)
from enrow_webhooks.sandbox import reference
from enrow_webhooks.sandbox.profiles import PROFILES

try:
    from enrow_webhooks.sandbox import server as sandbox_server
except ImportError as error:
    if not (error.name or "").startswith("werkzeug"):
        raise
    sandbox_server = None  # type: ignore[assignment] # the extra is not installed; handle() says so

_EXAMPLES = """
  manage.py enrow_sandbox
  manage.py enrow_sandbox --delay 0 --credits 50              results at once; credits run out soon
  manage.py enrow_sandbox --chaos duplicate,drop=0.2,late     every event twice and late, one in five lost
  manage.py enrow_sandbox --chaos get-unavailable=0.3         three of ten GETs fail
  manage.py enrow_sandbox --profile unkind                    whatever no document rules out
  manage.py enrow_sandbox --fact phone_price=50 --fact shuffled_rows
  manage.py enrow_sandbox --webhook http://127.0.0.1:8000/webhooks/enrow/SECRET/
"""


class Command(EnrowCommand):
    """Run the fake Enrow."""

    help = (
        "Run a faithful fake of Enrow's API on this machine: no key, no credits, no traffic to anybody.\n"
        "Names that end in 'Somebody' are always found, 'Nobody' never; the rest is decided by the name, each time\n"
        "the same way. It calls this site's webhooks as Enrow does. End it with Ctrl-C. See docs/sandbox.md."
    )
    examples = f"{_EXAMPLES.strip(chr(10))}\n\n{reference.as_text()}"
    # It needs neither the database nor good settings.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--port", type=port, default=8787, metavar="N", help="8787 by default; 0 takes any free one"
        )
        parser.add_argument("--profile", choices=list(PROFILES), default="current", help="which Enrow; see below")
        parser.add_argument(
            "--fact",
            action="append",
            default=[],
            metavar="NAME[=VALUE]",
            help="one fact of the API that is otherwise than in the profile; may be repeated; all are listed below",
        )
        parser.add_argument(
            "--delay", type=seconds, default=2.0, metavar="SECONDS", help="how long a search takes; 2 by default"
        )
        parser.add_argument(
            "--chaos",
            default="",
            metavar="SWITCHES",
            help="what goes wrong, with a probability each, like duplicate,drop=0.2,late; all are listed below",
        )
        self._add_arguments_of_the_account(parser)

    def _add_arguments_of_the_account(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seed", type=whole_number, default=0, metavar="N", help="another series of what is decided by lot"
        )
        parser.add_argument(
            "--credits", type=amount, default=amount("10000"), metavar="N", help="the balance; 10000 by default"
        )
        parser.add_argument(
            "--webhook",
            action="append",
            default=[],
            metavar="URL",
            help="the URL that is set in Enrow's dashboard, for searches that name none; may be repeated",
        )
        parser.add_argument(
            "--https-only", action="store_true", help="deliver to https only, as Enrow does, even on this machine"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Serve until a signal."""
        if sandbox_server is None:
            raise CommandError('The sandbox needs Werkzeug: pip install "django-enrow[sandbox]".', returncode=2)
        try:
            server = sandbox_server.SandboxServer(
                port=options["port"],
                profile=options["profile"],
                facts=options["fact"],
                delay=options["delay"],
                chaos=options["chaos"],
                seed=options["seed"],
                credits=options["credits"],
                webhooks=options["webhook"],
                allow_loopback_http=not options["https_only"],
            )
        except sandbox_server.PortInUseError as error:
            raise needs_person(str(error)) from error
        except ValueError as error:
            raise wrong_call(str(error)) from error
        self._tell(server.url)
        if threading.current_thread() is threading.main_thread():
            # A supervisor's SIGTERM ends it as tidily as Ctrl-C does.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        server.serve_forever()
        self.stdout.write("The sandbox is closed.")

    def _tell(self, url: str) -> None:
        self.stdout.write(
            f"The sandbox listens on {url}; stop it with Ctrl-C. At the end of your settings.py write:\n"
            f'  ENROW["BASE_URL"] = "{url}"\n'
            '  ENROW["API_KEY"] = "sandbox"\n'
            '  ENROW["WEBHOOK_ORIGIN"] = "http://127.0.0.1:8000"  # where your runserver listens; blank without one\n'
            "The demo project of this repository reads the environment instead:\n"
            f"  export ENROW_BASE_URL={url} ENROW_API_KEY=sandbox ENROW_WEBHOOK_ORIGIN=http://127.0.0.1:8000"
        )
        self.stdout.flush()
