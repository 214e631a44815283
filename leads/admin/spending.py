"""What the pages that spend share: the field "Spend at most", and what they say afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.credits.consent import Bill, credits_in_words
from leads.enrichment import Tally


class SpendForm(forms.Form):
    """How much may be spent. Confirming a small worst case is one click; a large one is typed by the person."""

    max_credits = forms.DecimalField(
        label=_("Spend at most"),
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        error_messages={
            "required": _("Write how many credits may be spent."),
            "invalid": _("Write the credits as a number, like 12.5."),
            "min_value": _("Credits must be zero or more."),
        },
    )

    def beside(self, bill: Bill) -> Self:
        """Name the worst case beside the field; it stands in the field only when it is not large."""
        # Of the field as it is bound to this form: a form that was judged already shows no other.
        self["max_credits"].help_text = _(
            "Credits. The worst case: %(words)s. What does not fit any more is left out."
        ) % {"words": bill.words}
        if not bill.is_large:
            self.initial["max_credits"] = bill.worst_case
        return self


def queued_in_words(tally: Tally) -> str:
    """Say what became of the leads that were asked for: nothing is sent yet, and nothing is spent."""
    counts = tally.counts()
    parts = {"queued": counts.searched, "shared": counts.shared, "reused": counts.reused, "skipped": counts.skipped}
    told = ", ".join(f"{number:,} {word}" for word, number in parts.items() if number) or "nothing to do"
    return f"{counts.asked:,} asked for: {told}; {credits_in_words(tally.worst_case)} credits reserved."
