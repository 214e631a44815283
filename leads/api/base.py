"""What every view of the API stands on.

The host's REST framework says who asks, who may ask at all, how often, and what an error looks like. All that would
change what the API speaks is pinned here: renderers, parsers, negotiation, versions and pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import DataError, transaction
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.metadata import SimpleMetadata
from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from leads.api.openapi import SCHEMA, Parameter
from leads.api.throttles import EnrowThrottle
from leads.api.wire import BoundedJSON, OnlyJSON, PlainJSON
from leads.permissions import SPEND_CREDITS


class MayAsk(BasePermission):
    """A user who is logged in, and whom the view lets in; nobody else, whatever the host's own API allows."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the request may go on; which rows it reaches, the view asks again."""
        user: Any = request.user
        if not (user and getattr(user, "is_authenticated", False) and hasattr(user, "has_perm")):
            return False
        return isinstance(view, EnrowView) and view.lets_in(user)


class EnrowView(APIView):
    """One thing of the API."""

    renderer_classes = (PlainJSON,)
    parser_classes = (BoundedJSON,)
    content_negotiation_class = OnlyJSON
    versioning_class = None
    metadata_class = SimpleMetadata
    schema = SCHEMA

    # What the schema cannot see, by method: the operation's name, the body that it takes and what it answers; and the
    # parameters of its address.
    operations: ClassVar[Mapping[str, str]] = {}
    takes: ClassVar[Mapping[str, type[serializers.BaseSerializer[Any]]]] = {}
    answers: ClassVar[Mapping[str, Mapping[int, type[serializers.BaseSerializer[Any]] | None]]] = {}
    parameters: ClassVar[Mapping[str, Sequence[Parameter]]] = {}
    # Throttle scopes, by method.
    scopes: ClassVar[Mapping[str, str]] = {}
    # The body as it came, once it was read.
    raw_body = b""

    def lets_in(self, user: Any) -> bool:  # noqa: ANN401 - the project's own user model
        """Tell whether a user may ask at all: by default who may spend credits."""
        return bool(user.has_perm(SPEND_CREDITS))

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return the host's own."""
        return _made(api_settings.DEFAULT_AUTHENTICATION_CLASSES)

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks. A name that no database can hold, like one with a NUL, is nobody's."""
        try:
            super().perform_authentication(request)
        except DataError:
            raise AuthenticationFailed from None

    def get_permissions(self) -> Sequence[Any]:
        """Return the host's own, and ours. Those that look at a queryset are left out: the views ask for the models."""
        hosts = [one for one in api_settings.DEFAULT_PERMISSION_CLASSES if not _is_about_a_queryset(one)]
        return [*_made(hosts), MayAsk()]

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the host's own, and the one of the scope."""
        self.enrow_scope = self.scopes.get(self.request.method or "", "")
        return [*_made(api_settings.DEFAULT_THROTTLE_CLASSES), EnrowThrottle()]

    def get_exception_handler(self) -> Callable[..., Any]:
        """Return the host's own, so that its errors look like all others of the host."""
        return cast("Callable[..., Any]", api_settings.EXCEPTION_HANDLER)

    def get_format_suffix(self, **kwargs: object) -> None:
        """Take no part of the address for a format."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Django's own signature
        """Keep every answer out of shared caches."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "private, no-cache")
        return final

    def read(self, request: Request) -> dict[str, Any]:
        """Return the body, as far as it says what the operation takes. Raises ValidationError."""
        serializer = self.takes[str(request.method)](data=request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data

    def tell(
        self,
        row: object,
        *,
        method: str = "GET",
        status: int = 200,
        headers: dict[str, str] | None = None,
        **context: Any,  # noqa: ANN401 - what a serializer asks for
    ) -> Response:
        """Return the answer that the operation promises."""
        serializer = self.answers[method][status]
        return Response(serializer(row, context=context).data if serializer else None, status=status, headers=headers)


def _made(classes: Iterable[Any]) -> list[Any]:
    """Return an instance of each class; REST framework has imported them by their names."""
    return [one() for one in classes]


def _is_about_a_queryset(permission: object) -> bool:
    return isinstance(permission, type) and issubclass(permission, DjangoModelPermissions)


def served(view: type[EnrowView]) -> Callable[..., HttpResponseBase]:
    """Return a view for urls.py, outside ATOMIC_REQUESTS: what it commits is there when it answers."""
    serve: Callable[..., HttpResponseBase] = view.as_view()
    for alias in settings.DATABASES:
        serve = transaction.non_atomic_requests(using=alias)(serve)
    return serve
