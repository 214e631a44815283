"""Another product."""

from tests.backends.mysql import base


class DatabaseWrapper(base.DatabaseWrapper):
    vendor = "oracle"
