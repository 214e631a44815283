"""A site on which something stands before our view."""

from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

ANSWER = 403


@csrf_exempt
def refuse(request, token):
    return HttpResponse(status=ANSWER or 1 // 0)


urlpatterns = [
    path("webhooks/enrow/<str:token>/", refuse),
    path("webhooks/enrow/", include("enrow_webhooks.urls")),
]
