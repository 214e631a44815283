from django.core.management.base import BaseCommand

from crm.filling import fill


class Command(BaseCommand):
    def handle(self, *args, **options):
        fill()
