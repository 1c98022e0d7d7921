"""How submissions show themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Agreement, Submission, SubmissionComment
from accounts.selectors.submissions import others_on_the_same
from theater_site.api.resources import PreviewedFinding


class SubmissionItem(serializers.Serializer[Any]):
    """One action with its inputs as they were written. A later item means the result of this one by
    `{"$result": "<name>"}`."""

    action = serializers.CharField()
    name = serializers.CharField(default="")
    inputs = serializers.DictField()
    if_version = serializers.IntegerField(allow_null=True, default=None)


class OtherSubmission(serializers.ModelSerializer[Submission]):
    """Another one that waits and is about the same."""

    class Meta:
        model = Submission
        fields = ("id", "title", "state", "round", "author")


class _WithOthers(serializers.ListSerializer[Any]):
    def to_representation(self, data: Any) -> Any:
        page = list(data)
        found = others_on_the_same(self.context["actor"], [row.pk for row in page])
        for row in page:
            row.others = found.get(row.pk, [])
        return super().to_representation(page)


class AgreementRead(serializers.ModelSerializer[Agreement]):
    """Who agreed to a round at one of its steps, and in whose place (null: in their own)."""

    class Meta:
        model = Agreement
        fields = ("round", "step", "user", "in_place_of", "at")


class SubmissionRead(serializers.ModelSerializer[Submission]):
    """A submission for those who write it or may decide on it. `digest` is of this round, its time and what it would do: send it
    along with the approval, and nothing else than what was seen is approved. `agreements` were given at its steps where it
    needs several; `decided_in_place_of` is for whom `decided_by` stood in. `shared_with` are those who may write it besides
    its author, `others` open submissions about the same."""

    items = SubmissionItem(many=True)
    shared_with: Any = serializers.SlugRelatedField(source="authors", slug_field="user_id", many=True, read_only=True)
    agreements = AgreementRead(many=True, read_only=True)
    others = serializers.SerializerMethodField()
    digest = serializers.CharField(source="token", read_only=True)

    class Meta:
        model = Submission
        list_serializer_class = _WithOthers
        fields = (
            "id", "version", "title", "area", "section", "state", "round", "step", "digest", "run_at", "author", "shared_with",
            "items", "created_at", "submitted_at", "submitted_by", "decided_by", "decided_in_place_of",
            "decided_at", "agreements", "comment", "failure", "others",
        )  # fmt: skip

    @extend_schema_field(OtherSubmission(many=True))
    def get_others(self, submission: Submission) -> Any:
        if hasattr(submission, "others"):
            found = submission.others
        else:
            found = others_on_the_same(self.context["actor"], [submission.pk]).get(submission.pk, [])
        return OtherSubmission(found, many=True).data


class CommentRead(serializers.ModelSerializer[SubmissionComment]):
    """A remark in one round, of one field or ("") of all of it. `asks`: a change was asked for by it."""

    class Meta:
        model = SubmissionComment
        fields = ("id", "author", "round", "field", "text", "asks", "created_at")


class SegmentRead(serializers.Serializer[Any]):
    """`equal`, `insert` or `delete`: joined without the inserts they are the old text, without the deletes the new."""

    kind = serializers.CharField()
    text = serializers.CharField()


class ReferenceRead(serializers.Serializer[Any]):
    """What a field refers to; `id` is null where the submission itself makes it, `name` where the reader may not see it."""

    id = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    url = serializers.CharField(allow_null=True, help_text="Of a public picture.")


class FieldDifference(serializers.Serializer[Any]):
    """One field. `kind` says what is filled in besides `before` and `after`: `segments` of a text, `added`, `removed` and
    `moved` of a list; of a reference `before` and `after` are {id, name, url}. What is `hidden` is not for this reader."""

    field = serializers.CharField()
    kind = serializers.CharField()
    hidden = serializers.BooleanField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    segments = SegmentRead(many=True, required=False)
    added = serializers.ListField(required=False)
    removed = serializers.ListField(required=False)
    moved = serializers.ListField(required=False)


class ObjectDifference(serializers.Serializer[Any]):
    """One object that would be created, changed or deleted. `object_id` is null where it is made by the submission."""

    object_type = serializers.CharField()
    object_id = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    operation = serializers.CharField()
    fields = FieldDifference(many=True)  # type: ignore[assignment]


class PlacedFinding(PreviewedFinding):
    path = serializers.CharField(help_text="Of the field among the items.")


class PlacedProblem(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class SubmissionDifference(serializers.Serializer[Any]):
    """What the submission would change in what is live now. `current` is whether that is still what was submitted;
    `problems` are what stands in its way."""

    digest = serializers.CharField()
    current = serializers.BooleanField()
    objects = ObjectDifference(many=True)
    findings = PlacedFinding(many=True)
    problems = PlacedProblem(many=True)
