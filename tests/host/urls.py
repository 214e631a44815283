"""URLs of the host."""

from django.urls import include, path

urlpatterns = [path("webhooks/enrow/", include("enrow_webhooks.urls"))]
