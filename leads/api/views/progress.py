"""How far a run is: for a program that waits, and for a page that shows it."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import ClassVar

from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.openapi import IF_NONE_MATCH
from leads.api.told import ProgressSerializer
from leads.api.views.runs import SOON, RunsView
from leads.api.wire import PlainJSON
from leads.models import EnrichmentRun
from leads.runs import following

# Seconds, where a person or somebody else's search is waited for.
LATER = "30"
# "waiting for a worker since 12 s" is nothing new a second later, nor is "tried again in 40 s: …".
_SECONDS = re.compile(r"(?<!\d)\d++ s\b")


class ProgressView(RunsView):
    """How far a run is; two queries, however large it is."""

    operations: ClassVar = {"GET": "runs_progress"}
    answers: ClassVar = {"GET": {200: ProgressSerializer, 304: None}}
    parameters: ClassVar = {"GET": (IF_NONE_MATCH,)}

    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Tell how far a run is. Ask again after Retry-After seconds, with the ETag as If-None-Match."""
        progress = following.progress(self.row(request, pk))
        response = self.tell(progress)
        told = response.data | {"waits_for": _SECONDS.sub("", progress.waits_for, count=1)}
        etag = f'W/"{hashlib.sha256(PlainJSON().render(told)).hexdigest()[:32]}"'
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            response = Response(status=304)
        response.headers["ETag"] = etag
        if progress.state not in EnrichmentRun.ENDED:
            response.headers["Retry-After"] = LATER if progress.is_over or progress.state == "paused" else SOON
        patch_cache_control(response, private=True, no_cache=True)
        return response
