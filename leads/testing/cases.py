"""The same for unittest."""

from __future__ import annotations

import unittest
from typing import ClassVar

from django.test import override_settings

from enrow_webhooks.sandbox.settings import Changes
from leads.testing import opening
from leads.testing.enrow import Enrow


class EnrowTestCase(unittest.TestCase):
    """Put it before Django's TestCase or TransactionTestCase: each test has a fake Enrow of its own, ``self.enrow``."""

    # Facts, chaos and other settings of the sandbox, like {"chaos": "duplicate"}.
    enrow_options: ClassVar[Changes] = {}
    enrow: Enrow

    def setUp(self) -> None:
        """Start with an Enrow that knows nobody, and 1,000 credits."""
        super().setUp()
        self.enterContext(override_settings(ENROW=opening.settings_for()))
        self.enrow = self.enterContext(opening.in_process(**self.enrow_options))
