"""Any GET as it would answer once a submission were done: `?submission=<id>`, for those who may see the submission.

The submission's items are done in a transaction, the view answers in it, and all of it is taken back: nothing is stored,
mailed or moved. What exists in the preview only has another id each time; in an address, the id 0 represents the first
object of the resource's kind that the submission makes (`/productions/0/?submission=7`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.http import FileResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from theater_site.core.actors import Actor
from theater_site.core.announcements import Question
from theater_site.core.errors import Invalid, NotFound

ASKED_BY = "submission"
# The id, in an address, of what the submission makes.
THE_NEW_ONE = "0"
_READS = ("GET", "HEAD")


def _unknown() -> AbstractContextManager[Mapping[type, Any]]:
    raise NotFound("There is no such submission.")


previewed_submission: Question[AbstractContextManager[Mapping[type, Any]]] = Question(
    "A context in which a submission is done, and at whose end all is taken back; entered, it tells by model the id of the"
    " first object that the submission makes. NotFound for everybody who may not see the submission. Answered by accounts.",
    arguments=("actor", "submission_id"),
    default=_unknown,
)


def show_as_submitted(view: APIView, request: Request, actor: Callable[[], Actor]) -> None:
    """Let `view` answer this request out of the preview that it asks for, if it does.

    The parameter is taken out of the request: no view need know it. Refused with anything but a GET, which would otherwise
    change what is live while its caller looks at something else.
    """
    asked = request.query_params.get(ASKED_BY)
    if asked is None or request.method == "OPTIONS":
        return
    if request.method not in _READS:
        raise Invalid(
            "A submission is looked at with GET; leave `submission` out to change what is live.",
            code="preview_only_reads",
            field=ASKED_BY,
        )
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 18):
        raise NotFound("There is no such submission.")
    rest = request.query_params.copy()
    del rest[ASKED_BY]
    request._request.GET = rest  # type: ignore[assignment]
    request._request.previewed = asked  # type: ignore[attr-defined]
    method = request.method.lower()
    answer = getattr(view, method, view.http_method_not_allowed)

    def previewed(request: Request, *args: Any, **kwargs: Any) -> Any:
        with previewed_submission.ask(actor=actor(), submission_id=int(asked)) as made:
            if kwargs.get("pk") == THE_NEW_ONE:
                model: Any = getattr(getattr(view, "queryset", None), "model", None)
                kwargs["pk"] = view.kwargs["pk"] = str(made.get(model, THE_NEW_ONE))
            response: Any = answer(request, *args, **kwargs)
            if response.streaming and not isinstance(response, FileResponse):
                response.streaming_content = list(response.streaming_content)
        response["Cache-Control"] = "private, no-store"
        # A version that was never there is nothing to send back.
        del response["ETag"]
        return response

    setattr(view, method, previewed)


def asked_for(request: Request) -> str | None:
    """Of which submission this request sees the preview."""
    return getattr(request._request, "previewed", None)
