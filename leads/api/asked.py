"""What a program may ask for, as a body: a word that nobody knows is an error, never left out in silence."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from leads.kinds import WORDS
from leads.mapping import LONGEST_CRM_ID

# Of one request; for more there are filters.
MOST_CRM_IDS = 10_000
# Whole numbers and cents, as the columns hold them.
DIGITS, CENTS = 12, 2


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 - whatever the body is
        """Return what is valid. Raises ValidationError."""
        if isinstance(data, dict) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise serializers.ValidationError({name[:100]: [_("There is no such field.")] for name in unknown[:10]})
        return super().to_internal_value(data)


def credits_at_most(*, required: bool) -> serializers.DecimalField:
    """Return the field with the cap: a number, or a text that is one."""
    told = _("Credits that it may cost at most, in the worst case.")
    return serializers.DecimalField(
        max_digits=DIGITS, decimal_places=CENTS, min_value=0, required=required, help_text=told
    )


class SelectionSerializer(Strict):
    """Which leads, and what is searched for them; the leads by exactly one of ``crm_ids``, ``filter`` and ``all``."""

    model = serializers.CharField(max_length=100, help_text=_("Label of the leads' model, like crm.contact."))
    crm_ids = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_CRM_ID, trim_whitespace=False),
        required=False,
        allow_empty=False,
        max_length=MOST_CRM_IDS,
        help_text=_("The leads, by name."),
    )
    filter = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        allow_empty=False,
        help_text=_("The leads that these filters of the list of leads find."),
    )
    all = serializers.BooleanField(required=False, help_text=_("True: every lead of the model that you see."))
    find = serializers.ListField(
        child=serializers.RegexField(f"^({'|'.join(WORDS)})$"),
        required=False,
        max_length=10,
        help_text=_("What to find."),
    )
    verify = serializers.BooleanField(default=False, help_text=_("Verify the e-mail that a lead has."))
    overwrite = serializers.BooleanField(
        default=False, help_text=_("Also search leads that have a value, and replace it.")
    )
    force = serializers.BooleanField(default=False, help_text=_("Also buy again what was bought lately."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what asks for nothing, and leads that are named twice or not at all."""
        if len([name for name in ("crm_ids", "filter", "all") if attrs.get(name)]) != 1:
            raise serializers.ValidationError(
                {"crm_ids": [_("Say which leads: crm_ids, filter, or all; one of them.")]}
            )
        if not (attrs.get("find") or attrs["verify"]):
            raise serializers.ValidationError({"find": [_("Say what to find, or verify.")]})
        return attrs


class EstimateRequestSerializer(SelectionSerializer):
    """What to estimate."""

    max_credits = credits_at_most(required=False)


class RunRequestSerializer(SelectionSerializer):
    """What to search, for at most so many credits."""

    max_credits = credits_at_most(required=True)


class SpendRequestSerializer(Strict):
    """How much may be spent."""

    max_credits = credits_at_most(required=True)
