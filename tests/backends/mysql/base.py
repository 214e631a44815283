"""What MySQL and MariaDB are for us: no partial indexes, and no word about it from ``migrate``."""

from django.db.backends.sqlite3 import base, features


class DatabaseFeatures(features.DatabaseFeatures):
    supports_partial_indexes = False


class DatabaseWrapper(base.DatabaseWrapper):
    vendor = "mysql"
    features_class = DatabaseFeatures
