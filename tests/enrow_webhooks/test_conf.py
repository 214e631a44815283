"""The ENROW dict is read at access; what is missing has a default."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from enrow_webhooks.conf import EnrowSettings, Section, enrow_settings

PROPERTIES = [name for name, value in vars(EnrowSettings).items() if isinstance(value, property)]


def test_a_project_without_the_dict_has_every_default(settings):
    """Only the key has none: it is asked for by the name of its setting."""
    del settings.ENROW
    for name in PROPERTIES:
        if name != "api_key":
            getattr(enrow_settings, name)
    assert enrow_settings.base_url == "https://api.enrow.io"
    assert enrow_settings.webhook_origin == ""
    with pytest.raises(ImproperlyConfigured, match=r'ENROW\["API_KEY"\]'):
        _ = enrow_settings.api_key


def test_none_is_not_set(settings):
    """``os.environ.get`` gives None: it counts as left out, never as the text "None"."""
    settings.ENROW = dict.fromkeys(EnrowSettings.defaults)
    assert [getattr(enrow_settings, name) for name in PROPERTIES if name != "api_key"]
    assert enrow_settings.base_url == "https://api.enrow.io"
    with pytest.raises(ImproperlyConfigured):
        _ = enrow_settings.api_key


def test_a_change_is_seen_at_once(enrow):
    """Nothing is read at import."""
    enrow(API_KEY=" one\n", TIMEOUT=[1, 2], POSTS_PER_SECOND="7")
    assert (enrow_settings.api_key, enrow_settings.timeout, enrow_settings.posts_per_second) == ("one", (1, 2), 7)


def test_every_key_has_one_property():
    """A key that nobody reads is a key too many."""
    assert {name.upper() for name in PROPERTIES} == set(EnrowSettings.defaults)


def test_sections_know_each_others_keys():
    """What is in ENROW and in no section is a typing error; the checks say so."""
    assert {"API_KEY", "BATCH_SIZE"} <= set(Section.known)
