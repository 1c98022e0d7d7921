"""The same POST sent twice is done once: `Idempotency-Key`, kept for 24 hours."""

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
# All who are not signed in share their keys: one that can be guessed would give a stranger's answer away.
SHORTEST_PUBLIC_KEY = 16
_HEADERS = ("Location", "ETag")


def once(request: Request, actor: str, perform: Callable[[], Response]) -> Response:
    """`perform`, or its first answer again where this actor sent the same key before.

    The same key with another body or address is a Conflict. The key's row is written first, in the action's own
    transaction: a second request with it waits on the first their row and then finds the answer; an action that fails,
    as late as after its commit, leaves no row, and the key can be used again.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return perform()
    shortest = SHORTEST_PUBLIC_KEY if actor == Public.label else 1
    if not shortest <= len(key) <= 255:
        raise Invalid(
            f"Between {shortest} and 255 characters, please; a new UUID will do.",
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
                # Told apart from one of the action's own, which may come as late as the commit.
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
        return _again(fingerprint, digest)
    except Exception:
        if response is not None:
            # Committed, and then what had to follow failed (a file that could not be stored): the caller gets
            # the error and repeats, so the answer that was never given must not be replayed.
            IdempotentAnswer.objects.filter(pk=fingerprint, request_digest=digest).delete()
        raise


class _Repeated(Exception):
    """Another request wrote the key's row first."""


_JSON = JSONEncoder()


def _again(fingerprint: str, digest: str) -> Response:
    first = IdempotentAnswer.objects.filter(pk=fingerprint).first()
    if first is None or first.status is None:
        raise Conflict("The first request with this key has not ended. Try again.", code="idempotency_in_progress")
    if first.request_digest != digest:
        raise Conflict("This key was used for another request. Take a new one.", code="idempotency_key_reused")
    kept = orjson.loads(decrypt(first.answer))
    kind = MEDIA_TYPE if first.status is not None and first.status >= 400 else None
    headers = {**kept["headers"], "Idempotent-Replay": "true"}
    return Response(kept["data"], status=first.status, headers=headers, content_type=kind)


def _digest(request: Request) -> str:
    """Over what was sent: the address, the parsed body, and the content of files."""
    whole = hashlib.sha256()
    whole.update(orjson.dumps([request.method, request.get_full_path(), _plain(request.data)], default=str))
    for name, file in sorted(request.FILES.items()):
        whole.update(name.encode())
        for chunk in file.chunks():
            whole.update(chunk)
        file.seek(0)
    return whole.hexdigest()


def _plain(data: Any) -> Any:
    if hasattr(data, "lists"):
        return {name: [str(value) for value in values] for name, values in sorted(data.lists())}
    return data


def sweep() -> int:
    """A periodic job: forget what is older than 24 hours."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def forget_answers(words: frozenset[str], **_: Any) -> None:
    """Somebody is forgotten: answers that are about them are kept no longer, only that they were given. Listens to
    `person_forgotten`."""
    for kept in IdempotentAnswer.objects.exclude(answer="").iterator():
        if mentions(decrypt(kept.answer), words):
            emptied = encrypt(_JSON.encode({"data": None, "headers": {}}))
            IdempotentAnswer.objects.filter(pk=kept.pk).update(answer=emptied)
