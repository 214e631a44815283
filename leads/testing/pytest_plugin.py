"""The pytest plugin: fixtures for the tests of a project. Whatever needs Django is imported within them.

pytest loads this module in every session of an environment in which the package is installed, with or without Django.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from enrow_webhooks.sandbox.settings import Changes
    from leads.testing.enrow import Enrow

_MARKER = "enrow(facts=..., chaos=..., credits=..., ...): settings of the fake Enrow for one test, class or module"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def enrow(request: pytest.FixtureRequest, db: None, settings: Any) -> Iterator[Enrow]:  # noqa: ANN401 - a fixture of pytest-django
    """Enrow within this process: no thread, no sleep, no network. It knows whom the test tells it of."""
    from leads.testing import opening  # noqa: PLC0415 - needs Django

    settings.ENROW = opening.settings_for()
    with opening.in_process(**_asked(request)) as fake:
        yield fake


@pytest.fixture
def enrow_server(request: pytest.FixtureRequest, db: None, settings: Any) -> Iterator[Enrow]:  # noqa: ANN401 - a fixture of pytest-django
    """Enrow over HTTP, on a free port of this machine; its events go to ``live_server`` where the test has one."""
    from leads.testing import opening, serving  # noqa: PLC0415 - needs Django, and Werkzeug

    site = request.getfixturevalue("live_server").url if "live_server" in request.fixturenames else ""
    with serving.over_http(**_asked(request)) as fake:
        settings.ENROW = opening.settings_for(fake.url, site=site)
        yield fake


@pytest.fixture
def enrow_no_network() -> Iterator[None]:
    """Fail a test that would meet the real Enrow."""
    from leads.testing.guarding import no_network  # noqa: PLC0415 - needs Django

    with no_network():
        yield


def _asked(request: pytest.FixtureRequest) -> Changes:
    """Return what the markers say; the one that is nearest to the test wins."""
    asked: Changes = {}
    for marker in reversed(list(request.node.iter_markers("enrow"))):
        if marker.args:
            raise pytest.UsageError("pytest.mark.enrow takes keywords only, like chaos='duplicate'.")
        asked |= marker.kwargs
    return asked
