"""The errors of the client: split by what the caller does next."""

from __future__ import annotations

import pytest

from enrow_webhooks.client import errors

REMEDIES = [
    errors.SettingsMustChange,
    errors.OutOfCredits,
    errors.TryAgain,
    errors.AnswerLost,
    errors.Refused,
    errors.UnknownSearch,
]


@pytest.mark.parametrize(
    ("error", "remedy"),
    [(remedy, remedy) for remedy in REMEDIES]
    + [
        (errors.InvalidKey, errors.SettingsMustChange),
        (errors.FeatureNotAllowed, errors.SettingsMustChange),
        (errors.RateLimited, errors.TryAgain),
        (errors.Unavailable, errors.TryAgain),
        (errors.RowRefused, errors.Refused),
    ],
)
def test_an_error_has_one_remedy(error, remedy):
    """A caller that handles one kind never takes another for it: a lost answer is not tried again."""
    assert issubclass(error, errors.EnrowError)
    assert [one for one in REMEDIES if issubclass(error, one)] == [remedy]


@pytest.mark.parametrize("error", [errors.BadInput, errors.UnreadableEvent])
def test_what_enrow_never_saw_is_no_error_of_enrow(error):
    """Bad input of ours, or of a sender, is a wrong value; handling Enrow's errors does not hide it."""
    assert issubclass(error, ValueError)
    assert not issubclass(error, errors.EnrowError)


def test_an_error_carries_what_enrow_said():
    """The sentence is for a person; status, text and row are for the program."""
    error = errors.Refused("Refused.", status=400, text="row 2 is bad", row=2)
    assert (str(error), error.status, error.text, error.row) == ("Refused.", 400, "row 2 is bad", 2)
