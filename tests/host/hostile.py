"""Defaults that a host may set for its own API, each as bad as it can be for a view that takes it over."""

from rest_framework.exceptions import APIException, NotAcceptable
from rest_framework.response import Response


class HostError(Exception):
    """Nothing handles it."""


def refuse(*args, **kwargs):
    raise HostError("a function of the host was called")


def answer_200(exc, context):
    return Response({"code": getattr(exc, "status_code", 500), "success": False, "message": str(exc)}, status=200)


def answer_none(exc, context):
    return None


class Renderer:
    media_type = "application/vnd.host"
    format = "host"
    charset = "utf-8"
    render = refuse


class Parser:
    media_type = "*/*"

    def __init__(self):
        refuse()

    def parse(self, stream, media_type=None, parser_context=None):
        stream.read()
        return {}


class Negotiation:
    def select_parser(self, request, parsers):
        raise NotAcceptable

    def select_renderer(self, request, renderers, format_suffix=None):
        raise NotAcceptable


class Throttle:
    def allow_request(self, request, view):
        return False

    def wait(self):
        return 3600


class Authentication:
    def __init__(self):
        refuse()

    authenticate = refuse
    authenticate_header = refuse


class Permission:
    message = "not you"

    def has_permission(self, request, view):
        return False


class Versioning:
    def determine_version(self, request, *args, **kwargs):
        raise APIException("no such version")


class Metadata:
    determine_metadata = refuse


class Schema:
    def __init__(self):
        refuse()
