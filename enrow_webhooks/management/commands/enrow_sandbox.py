"""``manage.py enrow_sandbox``."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import CommandError, CommandParser

from enrow_webhooks.management.base import EnrowCommand, amount, needs_person, port, seconds, wrong_call

try:
    from enrow_webhooks.sandbox import server as sandbox_server
except ImportError as error:
    if not (error.name or "").startswith("werkzeug"):
        raise
    sandbox_server = None  # type: ignore[assignment] # the extra is not installed; handle() says so


class Command(EnrowCommand):
    """Run the fake Enrow."""

    help = (
        "Run a faithful fake of Enrow's API on this machine: no key, no credits, no traffic to anybody.\n"
        "Names that end in 'Somebody' are always found, 'Nobody' never; the rest is decided by the name, each time\n"
        "the same way. It calls this site's webhooks as Enrow does. End it with Ctrl-C."
    )
    examples = """
  manage.py enrow_sandbox
  manage.py enrow_sandbox --delay 0 --credits 50              results at once; credits run out soon
  manage.py enrow_sandbox --chaos duplicate,drop=0.2,late     every notice twice and late, one in five lost
  manage.py enrow_sandbox --profile legacy                    answers as Enrow's older generation gave them
"""
    # It needs neither the database nor good settings.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--port", type=port, default=8787, metavar="N", help="8787 by default; 0 takes any free one"
        )
        parser.add_argument(
            "--profile", choices=["current", "legacy"], default="current", help="which generation of the API"
        )
        parser.add_argument(
            "--delay", type=seconds, default=2.0, metavar="SECONDS", help="how long a search takes; 2 by default"
        )
        parser.add_argument(
            "--chaos",
            default="",
            metavar="SWITCHES",
            help="what goes wrong, with a probability each, like duplicate,drop=0.2,late; "
            "a wrong switch lists them all",
        )
        parser.add_argument(
            "--credits", type=amount, default=amount("10000"), metavar="N", help="the balance; 10000 by default"
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
                delay=options["delay"],
                chaos=options["chaos"],
                credits=options["credits"],
                allow_loopback_http=not options["https_only"],
            )
        except sandbox_server.PortInUseError as error:
            raise needs_person(str(error)) from error
        except ValueError as error:
            raise wrong_call(str(error)) from error
        self.stdout.write(
            f"The sandbox listens on {server.url}; stop it with Ctrl-C. In the other terminals set:\n"
            f"  export ENROW_BASE_URL={server.url} ENROW_API_KEY=sandbox"
        )
        self.stdout.flush()
        if threading.current_thread() is threading.main_thread():
            # A supervisor's SIGTERM ends it as tidily as Ctrl-C does.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        server.serve_forever()
        self.stdout.write("The sandbox is closed.")
