"""What can go wrong between us and Enrow, split by what the caller does next.

EnrowError
 |-- SettingsMustChange       403, 404: a person fixes a setting or the plan, then work resumes
 |    |-- InvalidKey          401: the key is missing or not valid
 |    '-- FeatureNotAllowed   401: the plan has no phone search
 |-- OutOfCredits             402, or 422 with the balance text: buy credits, then work resumes
 |-- TryAgain                 nothing was accepted, nothing was billed: wait and repeat
 |    |-- RateLimited         429, or our own budget of POSTs
 |    '-- Unavailable         500, 503, or no connection was made
 |-- AnswerLost               the request may have been accepted and billed: never repeat it blindly
 |-- Refused                  this request will never be accepted as it is
 |    '-- RowRefused          400, 413, 422: one of its rows may be the fault, or their number; fewer may be accepted
 '-- UnknownSearch            Enrow does not know (or no longer knows) the id that was asked for

The codes and texts are those of Enrow's public reference; 404 and 422 come from its older generations.
"""

from __future__ import annotations


class EnrowError(Exception):
    """Base of all. ``status`` is the HTTP code or None, ``text`` Enrow's own words, ``row`` a 1-based row it named."""

    def __init__(self, message: str, *, status: int | None = None, text: str = "", row: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.text = text
        self.row = row


class SettingsMustChange(EnrowError):  # noqa: N818 - the name says what happened
    """Nothing can be sent until a person fixes a setting or the plan."""


class InvalidKey(SettingsMustChange):
    """The API key is missing or not valid."""


class FeatureNotAllowed(SettingsMustChange):
    """The key is good, but its plan does not include this kind of search."""


class OutOfCredits(EnrowError):  # noqa: N818 - the name says what happened
    """The balance does not cover the request; nothing was taken."""


class TryAgain(EnrowError):  # noqa: N818 - the name says what happened
    """Nothing was accepted; the same request may be repeated after a while."""


class RateLimited(TryAgain):
    """More POSTs per second than Enrow, or our own budget, allows."""


class Unavailable(TryAgain):
    """Enrow could not be reached, or answered 500 or 503."""


class AnswerLost(EnrowError):  # noqa: N818 - the name says what happened
    """The request left, its answer did not arrive: Enrow may have accepted and billed it."""


class Refused(EnrowError):  # noqa: N818 - the name says what happened
    """Enrow will not accept this request as it is."""


class RowRefused(Refused):
    """The same, where some row may be the fault: without it Enrow may accept the rest."""


class UnknownSearch(EnrowError):  # noqa: N818 - the name says what happened
    """Enrow does not know the id. On a single search its 500 says the same as an outage does."""


class BadInput(ValueError):  # noqa: N818 - the name says what happened
    """A lead's field cannot be sent to Enrow; the message is one sentence for the person who fixes it."""


class NoCompanyHost(BadInput):
    """A host that is nobody's company: of free mail, of social pages or of links."""


class UnreadableEvent(ValueError):  # noqa: N818 - the name says what happened
    """A webhook body that is no event; the message says what is wrong with it."""
