from django.http import HttpResponse
from django.urls import include, path

urlpatterns = [
    path("", lambda request: HttpResponse("Acme")),
    path("webhooks/enrow/", include("enrow_webhooks.urls")),
]
