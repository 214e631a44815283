"""(a) a bare view with one ORM insert; (b) the recipe that people write by hand. Neither proves its sender."""

from __future__ import annotations

import json

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.rivals.models import BareEvent, HandEvent
from benchmarks.rivals.tasks import process_event


@csrf_exempt
def bare(request: HttpRequest) -> JsonResponse:
    """Insert one row, wake nobody."""
    payload = json.loads(request.body)
    BareEvent.objects.create(event=payload["event"], enrow_id=payload["id"], payload=request.body.decode())
    return JsonResponse({"stored": True})


class EventSerializer(serializers.Serializer):
    """What the recipe takes."""

    event = serializers.CharField(max_length=64)
    id = serializers.CharField(max_length=128)
    credits = serializers.DictField(required=False)
    result = serializers.DictField(required=False)


class Recipe(APIView):
    """Validate, get_or_create, one message per event after the commit."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        serializer = EventSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with transaction.atomic():
            event, created = HandEvent.objects.get_or_create(
                event=data["event"], enrow_id=data["id"], defaults={"payload": request.data}
            )
            if created:
                transaction.on_commit(lambda: process_event.delay(event.pk))
        return Response({"stored": True})
