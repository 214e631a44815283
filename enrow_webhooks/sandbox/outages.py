"""What chaos makes of requests and their answers, before and after Enrow has done its part."""

import json
from dataclasses import replace

from enrow_webhooks.sandbox.chaos import Mischief, Switch
from enrow_webhooks.sandbox.mistyped import mistyped
from enrow_webhooks.sandbox.profiles import Profile
from enrow_webhooks.sandbox.settings import Settings
from enrow_webhooks.sandbox.validation import RefusedError
from enrow_webhooks.sandbox.values import Reply

_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


def before_post(mischief: Mischief, profile: Profile) -> None:
    """Refuse a POST before it is looked at, when chaos says so. Raises RefusedError."""
    if mischief.strikes(Switch.UNAVAILABLE):
        raise _unavailable(mischief.lot("unavailable status"))
    if mischief.strikes(Switch.THROTTLE):
        raise RefusedError.saying(profile.rate_limit_text, 429)


def after_post(mischief: Mischief, reply: Reply) -> Reply:
    """Return the answer to an accepted POST, or what chaos makes of it on its way back."""
    if mischief.strikes(Switch.LOST_ANSWER):
        return Reply(status=reply.status, body=b"", lost=True)
    if mischief.strikes(Switch.GATEWAY):
        return _page(mischief.lot("gateway status"))
    return reply


def after_get(mischief: Mischief, settings: Settings, reply: Reply) -> Reply:
    """Return the answer to a GET that was understood, or what chaos makes of it. Raises RefusedError."""
    if mischief.strikes(Switch.GET_UNAVAILABLE):
        raise _unavailable(mischief.lot("get-unavailable status"))
    if mischief.strikes(Switch.GET_LOST):
        return Reply(status=reply.status, body=b"", lost=True)
    if mischief.strikes(Switch.GET_GATEWAY):
        reply = _page(mischief.lot("get-gateway status"))
    elif mischief.strikes(Switch.WRONG_TYPES):
        wrong = mistyped(json.loads(reply.body), mischief.lot("wrong place"), mischief.lot("wrong type"))
        reply = Reply.of(reply.status, wrong)
    return replace(
        reply,
        pause=settings.slow_get_seconds if mischief.strikes(Switch.SLOW_GET) else 0.0,
        drip=settings.drip_seconds if mischief.strikes(Switch.DRIPPING_GET) else 0.0,
        padding=settings.huge_megabytes if mischief.strikes(Switch.HUGE_ANSWER) else 0,
    )


def _unavailable(lot: float) -> RefusedError:
    if lot < 0.5:
        return RefusedError.saying("Internal server error", 500)
    return RefusedError.saying("Service Unavailable", 503)


def _page(lot: float) -> Reply:
    status, title = (502, "502 Bad Gateway") if lot < 0.5 else (504, "504 Gateway Time-out")
    return Reply(status=status, body=_HTML.format(title).encode(), mimetype="text/html")
