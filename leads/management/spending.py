"""What all commands that spend have in common: much is reserved with a person's word for it, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.core.management.base import CommandParser

from enrow_webhooks.management.base import EnrowCommand, amount
from leads.credits.consent import Bill


class SpendingCommand(EnrowCommand):
    """A command that may reserve credits."""

    def add_consent(self, parser: CommandParser) -> None:
        """Declare the two ways to agree beforehand."""
        parser.add_argument(
            "--max-credits", type=amount, metavar="N", help="reserve at most so many credits, and do not ask"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before much is reserved")

    def agree(self, bill: Callable[[], Bill], *, max_credits: Decimal | None, yes: bool) -> Decimal | None:
        """Return the most that may be reserved now, None for no bound; ask a person where the bill is large.

        Raises CommandError as ask() does. The bill is only made out when nothing was agreed to beforehand.
        """
        if yes or max_credits is not None:
            return max_credits
        made_out = bill()
        if not made_out.is_large:
            return made_out.unasked
        self.ask(
            f"This reserves {made_out.words}.",
            "Continue?",
            otherwise=f"Nothing was sent. {consent_to(made_out)}",
        )
        return made_out.worst_case


def consent_to(bill: Bill) -> str:
    """Say how a caller that cannot be asked agrees."""
    return f"Give --max-credits {bill.worst_case:f} to agree to so much, or --yes to any amount."
