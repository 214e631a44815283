"""No parser takes more than linear time, whatever text a stranger feeds it."""

from __future__ import annotations

import argparse
import contextlib
import inspect

import pytest
from django.core.exceptions import ValidationError
from django.urls import NoReverseMatch
from rest_framework.exceptions import APIException

from enrow_webhooks.client.errors import EnrowError
from enrow_webhooks.sandbox.validation import RefusedError
from tests.linear import complaints
from tests.parsers import OF_TEXT, PARSERS

# How the parsers say no; BadInput, UnreadableEvent, FilterError, HeaderError and CellError are all a ValueError.
NO = (ValueError, EnrowError, RefusedError, APIException, ValidationError, NoReverseMatch, argparse.ArgumentTypeError)

# Minutes of processor time on a busy machine: once per run of everything is enough.
pytestmark = pytest.mark.slow


def polite(read):
    """Return the call without its ways to say no; any other error is a fault."""

    def call(text):
        with contextlib.suppress(*NO):
            read(text)

    return call


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("parser", PARSERS, ids=str)
def test_every_parser_is_linear(parser):
    """64,000 characters of any kind cost it less than 50 ms, and twice the text at most three times as much."""
    assert not complaints(polite(parser.read))


@pytest.mark.parametrize("module", OF_TEXT, ids=lambda module: module.__name__)
def test_no_parser_is_forgotten(module):
    """Every public function of the modules that read text stands in the list."""
    public = [inspect.unwrap(value) for name, value in vars(module).items() if not name.startswith("_")]
    own = [value for value in public if inspect.isfunction(value) and value.__module__ == module.__name__]
    reading = {function for function in own if inspect.signature(function).parameters}
    listed = {inspect.unwrap(parser.function) for parser in PARSERS}
    assert not {function.__name__ for function in reading - listed}
