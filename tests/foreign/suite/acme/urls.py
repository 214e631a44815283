from crm.views import add_contact
from django.urls import include, path

urlpatterns = [path("add/", add_contact), path("enrow/", include("enrow_webhooks.urls"))]
