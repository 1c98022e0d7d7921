"""`Idempotency-Key`: a POST that is repeated within 24 hours runs once and gets the first response again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from theater_site.api.problems import MEDIA_TYPE
from theater_site.core.actors import Public
from theater_site.core.encryption import decrypt, encrypt
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.mentions import mentions
from theater_site.core.models import IdempotentAnswer

KEPT = timedelta(hours=24)
# All callers who are not signed in share one set of keys. A guessable key would reveal another caller's response.
SHORTEST_PUBLIC_KEY = 16
_HEADERS = ("Location", "ETag")


def once(request: Request, actor: str, perform: Callable[[], Response]) -> Response:
    """The response of `perform`, or the first response to this key of this actor.

    The row of the key is inserted first, in the transaction of the action. A second request with the key waits for the
    row and then finds the response. After a failure, also one after the commit, there is no row and the key can be used
    again.

    Raises: Invalid `bad_idempotency_key`; Conflict `idempotency_key_reused` for the same key with another request;
    Conflict `idempotency_in_progress`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return perform()
    shortest = SHORTEST_PUBLIC_KEY if actor == Public.label else 1
    if not shortest <= len(key) <= 255:
        raise Invalid(
            f"The key must have {shortest} to 255 characters. Use a new UUID.",
            code="bad_idempotency_key",
            field="Idempotency-Key",
        )
    fingerprint = hashlib.sha256(orjson.dumps([actor, key])).hexdigest()
    digest = _digest(request)
    now = timezone.now()
    response: Response | None = None
    try:
        with transaction.atomic():
            IdempotentAnswer.objects.filter(pk=fingerprint, created_at__lt=now - KEPT).delete()
            try:
                IdempotentAnswer.objects.create(fingerprint=fingerprint, request_digest=digest, created_at=now)
            except IntegrityError as error:
                # An IntegrityError of the action itself, which may come as late as the commit, is not a repeated key.
                raise _Repeated from error
            response = perform()
            content = {
                "data": response.data,
                "headers": {name: response[name] for name in _HEADERS if name in response},
            }
            IdempotentAnswer.objects.filter(pk=fingerprint).update(
                status=response.status_code, answer=encrypt(_JSON.encode(content))
            )
            return response
    except _Repeated:
        return _replay(fingerprint, digest)
    except Exception:
        if response is not None:
            # An on-commit callback failed, such as storing a file. The caller gets the error and repeats the request, so
            # the response that was never sent must not be replayed.
            IdempotentAnswer.objects.filter(pk=fingerprint, request_digest=digest).delete()
        raise


class _Repeated(Exception):
    """Another request has inserted the row of the key."""


_JSON = JSONEncoder()


def _replay(fingerprint: str, digest: str) -> Response:
    """The stored response to the first request with this key. Raises Conflict."""
    first = IdempotentAnswer.objects.filter(pk=fingerprint).first()
    if first is None or first.status is None:
        raise Conflict(
            "The first request with this key is still running. Try again in a moment.", code="idempotency_in_progress"
        )
    if first.request_digest != digest:
        raise Conflict("This key was used for another request. Send a new key.", code="idempotency_key_reused")
    content = orjson.loads(decrypt(first.answer))
    kind = MEDIA_TYPE if first.status is not None and first.status >= 400 else None
    headers = {**content["headers"], "Idempotent-Replay": "true"}
    return Response(content["data"], status=first.status, headers=headers, content_type=kind)


def _digest(request: Request) -> str:
    """The digest of the method, the address, the parsed body, and the content of files."""
    digest = hashlib.sha256()
    digest.update(orjson.dumps([request.method, request.get_full_path(), _plain(request.data)], default=str))
    for name, file in sorted(request.FILES.items()):
        digest.update(name.encode())
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.hexdigest()


def _plain(data: Any) -> Any:
    if hasattr(data, "lists"):
        return {name: [str(value) for value in values] for name, values in sorted(data.lists())}
    return data


def sweep() -> int:
    """Delete the rows older than 24 hours. Returns their number. A periodic job."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def forget_answers(words: frozenset[str], **_: Any) -> None:
    """Empty the stored responses that mention an erased person. The keys stay, so that a repeated request does not run.

    Receives `person_forgotten`.
    """
    for stored in IdempotentAnswer.objects.exclude(answer="").iterator():
        if mentions(decrypt(stored.answer), words):
            emptied = encrypt(_JSON.encode({"data": None, "headers": {}}))
            IdempotentAnswer.objects.filter(pk=stored.pk).update(answer=emptied)
