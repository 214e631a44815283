"""URLs of that project."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls)]
if settings.LIBRARY == "grappelli":
    urlpatterns.insert(0, path("grappelli/", include("grappelli.urls")))
