"""Where the rows are at home: one row, whatever is tried."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from leads.models import Home


def test_a_home_is_named_by_what_is_known_of_it():
    """Most have no environment."""
    assert str(Home(database="7/16384")) == "7/16384"
    assert str(Home(database="7/16384", environment="staging")) == "7/16384 staging"


@pytest.mark.django_db
@pytest.mark.parametrize("key", [1, 2])
def test_there_is_one_home(key):
    """Neither the same row again nor another one: two homes would both send."""
    Home.objects.create(database="first")
    with pytest.raises(IntegrityError):
        Home.objects.create(pk=key, database="second")
