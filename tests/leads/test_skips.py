"""Why a lead is not searched, in words."""

from __future__ import annotations

import pytest

from leads.skips import Reason


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason):
    """Reports show words, not codes."""
    assert reason.label
