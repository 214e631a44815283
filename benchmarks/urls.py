"""The demo project's URLs and the rivals'."""

from __future__ import annotations

from django.urls import path

from benchmarks.rivals import views
from config.urls import urlpatterns as demo

urlpatterns = [*demo, path("rivals/bare/", views.bare), path("rivals/recipe/", views.Recipe.as_view())]
