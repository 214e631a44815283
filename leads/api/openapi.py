"""How the views describe themselves in OpenAPI, where the project has drf-spectacular (the extra ``api``).

A view says it in plain attributes; nothing of it needs the package, and a project that has it decorates nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# What every operation may answer besides; the host's own handler gives them their form.
_ERRORS = {
    400: "The request says nothing useful; the body says what is wrong.",
    401: "Nobody is logged in.",
    403: "The user may not do that.",
    404: "There is no such thing, or the user may not see it.",
    409: "The state of the thing does not allow it now.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many requests.",
}
_OF_BODIES = (413, 415)
_OF_DECISIONS = (409,)
_OF_KEYS = (409, 422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an operation beside those in the path."""

    name: str
    about: str
    kind: type = str
    where: str = "query"
    is_many: bool = False


KEY = Parameter(
    name="Idempotency-Key",
    where="header",
    about="Any text of your own. For a day the same key with the same request gives the first answer.",
)
IF_NONE_MATCH = Parameter(name="If-None-Match", where="header", about="The ETag that you have: 304 if nothing changed.")


def errors_of(view: Any, method: str) -> dict[int, str]:  # noqa: ANN401 - a view, which imports this module
    """Return what an operation may answer beside what it promises, with a sentence each."""
    codes = [400, 401, 403, 404, 429]
    if method == "POST":
        codes += _OF_DECISIONS
    if method in view.takes:
        codes += _OF_BODIES
    if KEY in view.parameters.get(method, ()):
        codes += _OF_KEYS
    return {code: _ERRORS[code] for code in sorted(set(codes))}


try:
    from drf_spectacular.openapi import AutoSchema
    from drf_spectacular.types import OpenApiTypes
    from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
except ImportError:
    SCHEMA: Any = None
else:

    class EnrowSchema(AutoSchema):
        """Reads what our views say of themselves; names begin with ours, so that they meet none of the host's."""

        # An EnrowView, whose module imports this one.
        view: Any

        def __get__(self, instance: Any, owner: Any) -> Any:  # noqa: ANN401 - REST framework's own signature
            """Return a schema of this view's own: threads that describe the API at once would share the view in it."""
            if instance is not None and instance not in self.instance_schemas:
                self.__set__(instance, EnrowSchema())
            return super().__get__(instance, owner)

        def get_operation_id(self) -> str:
            """Return the operation's name."""
            return f"enrow_{self.view.operations[self.method]}"

        def get_tags(self) -> list[str]:
            """Put all of them together."""
            return ["enrow"]

        def get_summary(self) -> str:
            """Return the first sentence of what the operation does."""
            return str(self.get_description()).partition("\n")[0].partition(". ")[0].partition(": ")[0].rstrip(".")

        def get_auth(self) -> list[Any]:
            """Return the host's ways to log in; nobody comes in without one, whatever the host allows elsewhere."""
            return [one for one in super().get_auth() if one]

        def get_request_serializer(self) -> Any:  # noqa: ANN401 - drf-spectacular's own signature
            """Return what the operation takes."""
            return self.view.takes.get(self.method)

        def get_response_serializers(self) -> Any:  # noqa: ANN401 - drf-spectacular's own signature
            """Return what it answers."""
            answers = {
                code: serializer or OpenApiResponse(description="Nothing changed." if code == 304 else "")
                for code, serializer in self.view.answers[self.method].items()
            }
            return answers | {
                code: OpenApiResponse(response=OpenApiTypes.OBJECT, description=about)
                for code, about in errors_of(self.view, self.method).items()
            }

        def get_override_parameters(self) -> list[Any]:
            """Return the parameters of the address and the headers."""
            return [
                OpenApiParameter(
                    name=one.name, type=one.kind, location=one.where, description=one.about, many=one.is_many
                )
                for one in self.view.parameters.get(self.method, ())
            ]

        def get_serializer_name(self, serializer: Any, direction: Any) -> str:  # noqa: ANN401 - drf-spectacular's own signature
            """Return the name of a component."""
            return f"Enrow{super().get_serializer_name(serializer, direction)}"

    SCHEMA = EnrowSchema()
