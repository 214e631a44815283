from django.core.management.base import BaseCommand, CommandError

from crm.truth import differences


class Command(BaseCommand):
    def handle(self, *args, **options):
        if found := list(differences()):
            raise CommandError("\n".join([f"{len(found)} differences", *found[:20]]))
