"""Print the CRM's own tables as the database has them, as JSON: columns, constraints, triggers."""

import json

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'crm%%'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
}


class Command(BaseCommand):
    def handle(self, *args, **options):
        with connection.cursor() as cursor:
            look = connection.introspection
            tables = {
                model._meta.db_table: [
                    [list(map(str, column)) for column in look.get_table_description(cursor, model._meta.db_table)],
                    look.get_constraints(cursor, model._meta.db_table),
                ]
                for model in apps.get_app_config("crm").get_models()
            }
            cursor.execute(TRIGGERS[connection.vendor])
            triggers = [name for (name,) in cursor.fetchall()]
        applied = sorted(name for app, name in MigrationRecorder(connection).applied_migrations() if app == "crm")
        self.stdout.write(json.dumps([tables, triggers, applied], default=str))
