"""How submissions show themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.approvals.models.approvals import Agreement
from accounts.approvals.models.submissions import Submission, SubmissionComment, SubmissionState
from accounts.approvals.selectors.submissions import others_on_the_same
from accounts.approvals.services.submissions.drafts import ItemWritten
from theater_site.api.previewing import PreviewedFinding


class SubmissionItem(serializers.Serializer[Any]):
    """One action with its inputs as they were written. A later item means the result of this one by
    `{"$result": "<name>"}`."""

    described_by = ItemWritten

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
    """A submission for those who write it or may decide on it. An approval needs the digest of its difference
    (`GET .../difference/`). `agreements` were given at its steps where it
    needs several; `decided_in_place_of` is for whom `decided_by` stood in. `shared_with` are those who may write it besides
    its author, `others` open submissions about the same."""

    items = SubmissionItem(many=True, help_text="What is to be done, in this order.")
    shared_with: Any = serializers.SlugRelatedField(
        source="authors",
        slug_field="user_id",
        many=True,
        read_only=True,
        help_text="Ids of the users who may write it besides its author. Example: [8]",
    )
    agreements = AgreementRead(many=True, read_only=True, help_text="Who agreed at which step.")
    others = serializers.SerializerMethodField(help_text="Other submissions that wait and are about the same.")

    class Meta:
        model = Submission
        list_serializer_class = _WithOthers
        fields = (
            "id", "version", "title", "area", "section", "state", "round", "step", "run_at", "author", "shared_with",
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

    kind = serializers.CharField(help_text="Whether the text stays, is new, or goes. Example: insert")
    text = serializers.CharField(help_text="The words. Example: A comedy")


class ReferenceRead(serializers.Serializer[Any]):
    """What a field refers to; `id` is null where the submission itself makes it, `name` where the reader may not see it."""

    id = serializers.CharField(
        allow_null=True, help_text="Id of the object, as text; null where the submission itself makes it. Example: 12"
    )
    name = serializers.CharField(
        allow_null=True, help_text="Its name; null where that is not for you to see. Example: The Seagull"
    )
    url = serializers.CharField(allow_null=True, help_text="The address of a public picture; null of anything else.")


class FieldDifference(serializers.Serializer[Any]):
    """One field. `kind` says what is filled in besides `before` and `after`: `segments` of a text, `added`, `removed` and
    `moved` of a list; of a reference `before` and `after` are {id, name, url}. What is `hidden` is not for this reader."""

    field = serializers.CharField(help_text="The name of the field. Example: subtitle")
    kind = serializers.CharField(help_text="What is filled in besides `before` and `after`. Example: text")
    hidden = serializers.BooleanField(help_text="True where the values are not for you to see. Example: false")
    before = serializers.JSONField(allow_null=True, help_text="The value that is live now. Example: A play")
    after = serializers.JSONField(allow_null=True, help_text="The value that it would have. Example: A comedy")
    segments = SegmentRead(many=True, required=False, help_text="Of a text: its parts, which stay, are new, or go.")
    added = serializers.ListField(required=False, help_text="Of a list: what is new in it.")
    removed = serializers.ListField(required=False, help_text="Of a list: what goes.")
    moved = serializers.ListField(required=False, help_text="Of a list: what has another place.")


class ObjectDifference(serializers.Serializer[Any]):
    """One object that would be created, changed or deleted. `object_id` is null where it is made by the submission."""

    object_type = serializers.CharField(help_text="The model of the object. Example: productions.production")
    object_id = serializers.CharField(
        allow_null=True, help_text="Id of the object, as text; null where the submission makes it. Example: 12"
    )
    name = serializers.CharField(
        allow_null=True, help_text="What it is called; null where that is not for you to see. Example: The Seagull"
    )
    operation = serializers.CharField(
        help_text="What would happen to it: created, changed or deleted. Example: changed"
    )
    fields = FieldDifference(many=True, help_text="Each field that would change.")  # type: ignore[assignment]


class PlacedFinding(PreviewedFinding):
    """What a rule says about the result, and about which item."""

    path = serializers.CharField(
        help_text="Where it is among the items, as a dotted path. Example: items.0.inputs.changes.title"
    )


class PlacedProblem(serializers.Serializer[Any]):
    """Why a submission cannot be applied, and where that is."""

    field = serializers.CharField(help_text="Where it is, as a dotted path. Example: items.0.inputs.changes.subtitle")
    code = serializers.CharField(help_text="A stable name of the problem, for programs. Example: max_length")
    message = serializers.CharField(help_text="What is wrong and what to do, for people.")


class SubmissionDifference(serializers.Serializer[Any]):
    """What an approval would change in the current content; of an applied or rejected submission, what was decided on."""

    state = serializers.ChoiceField(
        choices=SubmissionState.choices, help_text="The state of the submission. Example: submitted"
    )
    decided_by = serializers.IntegerField(
        allow_null=True, help_text="Id of the user who decided; null until then. Example: 2"
    )
    decided_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was decided; null until then. Example: 2027-03-15T08:00:00Z"
    )

    digest = serializers.CharField(
        help_text="The digest to send with an approval: it approves exactly what is shown here. Empty while there are"
        " problems, and once it was decided. Example: 9f2b6c..."
    )
    current = serializers.BooleanField(
        help_text="True where nothing that it touches changed since it was submitted. Example: true"
    )
    objects = ObjectDifference(many=True, help_text="What would be created, changed and deleted.")
    findings = PlacedFinding(many=True, help_text="What the rules say about the result.")
    problems = PlacedProblem(many=True, help_text="Why it cannot be applied; empty where it can.")
