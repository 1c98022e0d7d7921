"""Serializers of submissions, their comments and their differences."""

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
    """An action with its inputs as they were written. A later item refers to the result of this one by
    `{"$result": "<name>"}`."""

    described_by = ItemWritten

    action = serializers.CharField()
    name = serializers.CharField(default="")
    inputs = serializers.DictField()
    if_version = serializers.IntegerField(allow_null=True, default=None)


class OtherSubmission(serializers.ModelSerializer[Submission]):
    """Another open submission about the same object."""

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
    """The approval of one round at one step. `in_place_of` is the absent approver if a substitute approved."""

    class Meta:
        model = Agreement
        fields = ("round", "step", "user", "in_place_of", "at")


class SubmissionRead(serializers.ModelSerializer[Submission]):
    """A submission, for its authors and its approvers.

    To approve it, send the digest of its difference (`GET .../difference/`). `agreements` lists the approvals at its steps if
    it needs several. `decided_in_place_of` is the absent approver if `decided_by` is a substitute.
    """

    items = SubmissionItem(many=True, help_text="The actions to run, in this order.")
    shared_with: Any = serializers.SlugRelatedField(
        source="authors",
        slug_field="user_id",
        many=True,
        read_only=True,
        help_text="Ids of the users who may edit it besides its author. Example: [8]",
    )
    agreements = AgreementRead(many=True, read_only=True, help_text="Who approved it at which step.")
    others = serializers.SerializerMethodField(help_text="Other open submissions about the same objects.")

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
    """A comment on one field of a submission, or on all of it (`field` is ""). `asks`: it requests a change."""

    class Meta:
        model = SubmissionComment
        fields = ("id", "author", "round", "field", "text", "asks", "created_at")


class SegmentRead(serializers.Serializer[Any]):
    """A part of a text. Joined without the inserts, the parts are the old text; without the deletes, the new text."""

    kind = serializers.CharField(help_text="`equal`, `insert` or `delete`. Example: insert")
    text = serializers.CharField(help_text="The text of this part. Example: A comedy")


class ReferenceRead(serializers.Serializer[Any]):
    """The object that a field refers to."""

    id = serializers.CharField(
        allow_null=True, help_text="Id of the object, as text; null if the submission creates it. Example: 12"
    )
    name = serializers.CharField(
        allow_null=True, help_text="Its name; null if you may not see it. Example: The Seagull"
    )
    url = serializers.CharField(allow_null=True, help_text="URL if it is a public picture, else null.")


class FieldDifference(serializers.Serializer[Any]):
    """The change of one field. `kind` determines the additional fields: a `text` has `segments`; a `list` has `added`,
    `removed` and `moved`. Of a `reference`, `before` and `after` are {id, name, url}. `hidden` values are null."""

    field = serializers.CharField(help_text="The name of the field. Example: subtitle")
    kind = serializers.CharField(
        help_text="`value`, `text`, `list`, `reference`, `date` or `hidden`: determines which other fields there are. "
        "Example: text"
    )
    hidden = serializers.BooleanField(help_text="True if you may not see the values. Example: false")
    before = serializers.JSONField(allow_null=True, help_text="The current value. Example: A play")
    after = serializers.JSONField(allow_null=True, help_text="The value after approval. Example: A comedy")
    segments = SegmentRead(many=True, required=False, help_text="Of a text: its equal, inserted and deleted parts.")
    added = serializers.ListField(required=False, help_text="Of a list: the added entries.")
    removed = serializers.ListField(required=False, help_text="Of a list: the removed entries.")
    moved = serializers.ListField(required=False, help_text="Of a list: the entries whose position changes.")


class ObjectDifference(serializers.Serializer[Any]):
    """An object that would be created, changed or deleted."""

    object_type = serializers.CharField(help_text="The model of the object. Example: productions.production")
    object_id = serializers.CharField(
        allow_null=True, help_text="Id of the object, as text; null if the submission creates it. Example: 12"
    )
    name = serializers.CharField(
        allow_null=True, help_text="Its name; null if you may not see it. Example: The Seagull"
    )
    operation = serializers.CharField(
        help_text="What would happen to it: created, changed or deleted. Example: changed"
    )
    fields = FieldDifference(many=True, help_text="Each field that would change.")  # type: ignore[assignment]


class PlacedFinding(PreviewedFinding):
    """A finding about the result, and the item that causes it."""

    path = serializers.CharField(
        help_text="The input that causes it, as a dotted path. Example: items.0.inputs.changes.title"
    )


class PlacedProblem(serializers.Serializer[Any]):
    """An error that keeps a submission from being applied."""

    field = serializers.CharField(
        help_text="The field with the error, as a dotted path. Example: items.0.inputs.changes.subtitle"
    )
    code = serializers.CharField(help_text="A stable error code, for programs. Example: max_length")
    message = serializers.CharField(help_text="What is wrong and what to do, for people.")


class SubmissionDifference(serializers.Serializer[Any]):
    """The changes that an approval would make to the current content; after the decision, the changes decided on."""

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
        help_text="The digest to send with an approval: it approves exactly the changes shown here. Empty while there are"
        " problems, and after the decision. Example: 9f2b6c..."
    )
    current = serializers.BooleanField(
        help_text="True if no field that it changes has changed since it was submitted. Example: true"
    )
    objects = ObjectDifference(many=True, help_text="The objects that would be created, changed or deleted.")
    findings = PlacedFinding(many=True, help_text="The findings of the rules about the result.")
    problems = PlacedProblem(
        many=True, help_text="The errors that keep it from being applied; empty if there are none."
    )
