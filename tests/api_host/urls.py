"""URLs of the host: ours, the reference, and its own."""

from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.routers import SimpleRouter

from tests.crm.models import Company


class RunSerializer(serializers.ModelSerializer):
    """Called as ours is, with other choices."""

    state = serializers.ChoiceField(choices=["on", "off"])
    kind = serializers.ChoiceField(choices=["big", "small"])

    class Meta:
        model = Company
        fields = ("id", "title", "state", "kind")


class RunViewSet(viewsets.ModelViewSet):
    """The host's own runs."""

    queryset = Company.objects.all()
    serializer_class = RunSerializer


router = SimpleRouter()
router.register("runs", RunViewSet)
urlpatterns = [
    path("api/leads/reference/", include("leads.api.reference")),
    path("api/leads/", include("leads.api.urls")),
    path("api/", include(router.urls)),
]
