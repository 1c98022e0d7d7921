"""`?submission=<id>` on any GET: the response as it would be after the submission is applied.

The submission is applied in a transaction, the view responds inside it, and everything is rolled back. Objects that the
submission creates have a different id each time. In an address, the id 0 means the first object of the resource's kind
that it creates (`/productions/0/?submission=7`). Only actors who may see the submission may do this.
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
# The id, in an address, of the object that the submission creates.
THE_NEW_ONE = "0"
_READS = ("GET", "HEAD")


def _unknown() -> AbstractContextManager[Mapping[type, Any]]:
    raise NotFound("There is no such submission.")


previewed_submission: Question[AbstractContextManager[Mapping[type, Any]]] = Question(
    "A context in which the submission is applied, and rolled back at its end. It yields the id of the first created object"
    " of each model. Raises NotFound unless the actor may see the submission. Answered by accounts.",
    arguments=("actor", "submission_id"),
    default=_unknown,
)


def show_as_submitted(view: APIView, request: Request, actor: Callable[[], Actor]) -> None:
    """If the request has `?submission=`, make `view` respond inside the preview of that submission.

    The parameter is removed from the query, so that views do not need to know it. It is refused on writes, which would
    change live data while the caller sees a preview.

    Raises: Invalid `preview_only_reads`; NotFound.
    """
    submission_id = request.query_params.get(ASKED_BY)
    if submission_id is None or request.method == "OPTIONS":
        return
    if request.method not in _READS:
        raise Invalid(
            "`submission` shows a preview, which only a GET can do. Remove it to change live data.",
            code="preview_only_reads",
            field=ASKED_BY,
        )
    if not (submission_id.isascii() and submission_id.isdigit() and len(submission_id) <= 18):
        raise NotFound("There is no such submission.")
    query = request.query_params.copy()
    del query[ASKED_BY]
    request._request.GET = query  # type: ignore[assignment]
    request._request.previewed = submission_id  # type: ignore[attr-defined]
    method = request.method.lower()
    respond = getattr(view, method, view.http_method_not_allowed)

    def respond_in_preview(request: Request, *args: Any, **kwargs: Any) -> Any:
        with previewed_submission.ask(actor=actor(), submission_id=int(submission_id)) as new_ids:
            if kwargs.get("pk") == THE_NEW_ONE:
                model: Any = getattr(getattr(view, "queryset", None), "model", None)
                kwargs["pk"] = view.kwargs["pk"] = str(new_ids.get(model, THE_NEW_ONE))
            response: Any = respond(request, *args, **kwargs)
            if response.streaming and not isinstance(response, FileResponse):
                # Read inside the preview: a stream would be read after the rollback.
                response.streaming_content = list(response.streaming_content)
        response["Cache-Control"] = "private, no-store"
        # The version exists only in the preview, so it must not be sent as If-Match.
        del response["ETag"]
        return response

    setattr(view, method, respond_in_preview)


def asked_for(request: Request) -> str | None:
    """The id of the submission that this request previews; None if it previews none."""
    return getattr(request._request, "previewed", None)
