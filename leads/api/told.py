"""What the API answers. Numbers of credits are texts, moments are ISO 8601, whatever the host's own API does."""

from __future__ import annotations

from typing import Any

from rest_framework import ISO_8601, serializers

from leads.models import EnrichmentRun, SearchJob
from leads.outbox.tally import Tally
from leads.runs.following import Waits


def _credits(**options: Any) -> serializers.DecimalField:  # noqa: ANN401 - DRF's own options
    return serializers.DecimalField(max_digits=14, decimal_places=2, coerce_to_string=True, read_only=True, **options)


def _moment(**options: Any) -> serializers.DateTimeField:  # noqa: ANN401 - DRF's own options
    return serializers.DateTimeField(format=ISO_8601, read_only=True, **options)


def _number(**options: Any) -> serializers.IntegerField:  # noqa: ANN401 - DRF's own options
    return serializers.IntegerField(read_only=True, **options)


def _text(**options: Any) -> serializers.CharField:  # noqa: ANN401 - DRF's own options
    return serializers.CharField(read_only=True, **options)


def _yes(**options: Any) -> serializers.BooleanField:  # noqa: ANN401 - DRF's own options
    return serializers.BooleanField(read_only=True, **options)


class Told(serializers.Serializer[Any]):
    """An answer: nothing of it is read from anybody."""


class ModelSerializer(Told):
    """A mapped model that the user may see."""

    model = _text(source="label", help_text="What requests call it.")
    name = _text(help_text="What a person calls it.")
    may_search = _yes()
    filters = serializers.ListField(child=_text(), read_only=True, help_text="Of its list of leads.")


class ModelsSerializer(Told):
    """The mapped models."""

    results = ModelSerializer(many=True, read_only=True)


def _tally(of: Any) -> Tally:  # noqa: ANN401 - an Estimate or a run
    """Return what a plan came to."""
    return Tally.from_json(of.tally, worst_case=of.worst_case) if isinstance(of, EnrichmentRun) else of.tally


class _CountsList(serializers.ListSerializer[Any]):
    """The counts of each kind."""

    def get_attribute(self, instance: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - an Estimate or a run
        """Return a line for each kind."""
        tally = _tally(instance)
        return [
            {"kind": kind, "searched": one.searched, "shared": one.shared, "reused": one.reused, "skipped": one.skipped}
            for kind, one in ((kind, tally.counts(kind)) for kind in tally.kinds())
        ]


class CountsSerializer(Told):
    """Leads of one kind of search: asked for = searched + shared + reused + skipped."""

    class Meta:
        list_serializer_class = _CountsList

    kind = _text()
    searched = _number(help_text="Leads that are paid for.")
    shared = _number(help_text="They get a result that is bought anyway.")
    reused = _number(help_text="They get one that was bought lately.")
    skipped = _number()


class _SkippedList(serializers.ListSerializer[Any]):
    """Why leads are skipped."""

    def get_attribute(self, instance: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - an Estimate or a run
        """Return a line for each reason."""
        return [
            {"kind": kind, "reason": reason, "words": reason.label, "leads": number}
            for (kind, reason), number in sorted(_tally(instance).skipped.items())
        ]


class SkippedSerializer(Told):
    """Leads that are not searched, by reason."""

    class Meta:
        list_serializer_class = _SkippedList

    kind = _text()
    reason = _text()
    words = _text()
    leads = _number()


class EstimateSerializer(Told):
    """What a run would do, with nothing written and nothing sent."""

    worst_case = _credits(source="tally.worst_case", help_text="The most that it can cost.")
    balance = _credits(allow_null=True, help_text="Credits of the account; null when Enrow did not say.")
    posts = _number(help_text="Requests to Enrow.")
    counts = CountsSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)


class RunSerializer(Told):
    """Who asked for what, and what planning came to so far."""

    id = serializers.UUIDField(read_only=True)
    model = _text()
    kinds = serializers.ListField(child=_text(), read_only=True, source="asked_kinds")
    state = _text(help_text=", ".join(EnrichmentRun.State.values))
    note = _text()
    requested_by = _text()
    via = _text()
    overwrite = _yes()
    force = _yes()
    max_credits = _credits(allow_null=True)
    worst_case = _credits()
    selected = _number(allow_null=True, help_text="Leads that workers plan; null: planned at once.")
    planned = _number(help_text="Of the selected.")
    counts = CountsSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)
    created_at = _moment()
    planned_at = _moment(allow_null=True)
    ended_at = _moment(allow_null=True)


class ProgressSerializer(Told):
    """How far a run is."""

    state = _text()
    is_over = _yes(help_text="Nothing more happens by itself in a short while.")
    is_planned = _yes()
    words = _text(help_text="All of it in one line.")
    waits_for = _text(help_text="Why nothing moves; blank while something does.")
    waits_on = _text(help_text=f"The same as a word: {', '.join(filter(None, Waits))}.")
    asked = _number()
    searched = _number()
    done = _number()
    found = _number()
    shared = _number()
    reused = _number()
    skipped = _number()
    refused = _number()
    selected = _number(allow_null=True)
    planned = _number()
    jobs_open = _number()
    jobs_stuck = _number()
    spent = _credits()
    reserved = _credits()


class JobSerializer(Told):
    """One request to Enrow, single or bulk."""

    id = serializers.UUIDField(read_only=True)
    run = serializers.UUIDField(read_only=True)
    kind = _text()
    state = _text(help_text=", ".join(SearchJob.State.values))
    problem = serializers.SerializerMethodField()
    requested = _number(help_text="Leads that are paid for.")
    found = _number(help_text="Of these.")
    refused = _number()
    kept_aside = _number()
    spent = _credits()
    reserved = _credits()
    requested_by = _text()
    created_at = _moment()
    sent_at = _moment(allow_null=True)
    finished_at = _moment(allow_null=True)
    next_check_at = _moment()

    def get_problem(self, job: SearchJob) -> str:
        """Return what went wrong. Of leads that their table refused it names some: to who sees every lead."""
        return job.last_error if self.context.get("sees_every_lead") or not job.refused else ""


class SearchSerializer(Told):
    """One lead inside one search job; null for what needs ``leads.view_found_values``."""

    id = _number()
    job = serializers.UUIDField(read_only=True, source="job_id")
    model = _text()
    crm_id = _text()
    kind = _text()
    outcome = _text()
    effect = _text()
    value = serializers.SerializerMethodField()
    country = serializers.SerializerMethodField()
    # It may quote what came and cannot be used.
    error = serializers.SerializerMethodField()

    def _found(self, value: str) -> str | None:
        return value if self.context.get("sees_values") else None

    def get_value(self, search: Any) -> str | None:  # noqa: ANN401 - a LeadSearch
        """Return what was found."""
        return self._found(search.value)

    def get_country(self, search: Any) -> str | None:  # noqa: ANN401 - a LeadSearch
        """Return the country of a phone."""
        return self._found(search.country)

    def get_error(self, search: Any) -> str | None:  # noqa: ANN401 - a LeadSearch
        """Return what went wrong."""
        return self._found(search.error)


def page_of(serializer: type[Told]) -> type[Told]:
    """Return the serializer of a page of these."""
    name = serializer.__name__.removesuffix("Serializer")
    fields = {
        "next": serializers.URLField(read_only=True, allow_null=True, help_text="The next page; null behind the last."),
        "results": serializer(many=True, read_only=True),
        "__doc__": f"A page of {name.lower()}s.",
        "__module__": __name__,
    }
    return type(f"{name}PageSerializer", (Told,), fields)


class ValueSerializer(Told):
    """What is known of one value of a lead."""

    name = _text(help_text="email or phone.")
    value = _text(allow_null=True, help_text="Null for who may not view found values.")
    country = _text(allow_null=True)
    status = _text(help_text="Blank: never tried.")
    checked_at = _moment(allow_null=True)
    searching = _yes(help_text="A search for it is under way.")


class LeadSerializer(Told):
    """A lead with what is known of it."""

    model = _text()
    crm_id = _text()
    values = ValueSerializer(many=True, read_only=True)


class LeadDetailSerializer(LeadSerializer):
    """A lead, and its latest searches."""

    searches = SearchSerializer(many=True, read_only=True)


class AgainSerializer(Told):
    """The runs that search leads of a job again."""

    job = serializers.UUIDField(read_only=True)
    runs = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    written = _number(help_text="Leads that their table had refused, and that are written now.")


class LineSerializer(Told):
    """Credits of one day, user or run."""

    name = _text()
    jobs = _number()
    searched = _number()
    found = _number()
    spent = _credits()
    reserved = _credits()
    released = _credits()


class CreditsSerializer(Told):
    """Where the credits went: of all searches for who sees every lead, else of the user's own."""

    is_everybody = _yes(help_text="Whether it counts what others asked for, too.")
    today = LineSerializer(read_only=True)
    daily_limit = _credits(allow_null=True, help_text="Null: none, or not for this user to see.")
    user_daily_limit = _credits(allow_null=True)
    user_left = _credits(allow_null=True, help_text="What the user may still spend today by that limit.")
    per_day = LineSerializer(many=True, read_only=True)
    per_user = LineSerializer(many=True, read_only=True)
    per_run = LineSerializer(many=True, read_only=True)


class HealthSerializer(Told):
    """Whether something needs a person."""

    is_well = _yes()
    problems = serializers.ListField(child=_text(), read_only=True, help_text="For who sees every lead.")
