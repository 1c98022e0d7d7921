"""The endpoints of delegation: sections, roles, role assignments, invitations, and explanations of permissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as address
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.api.explanations import ExplanationRead, MemberRead
from accounts.permissions.api.serializers import RoleAssignmentRead, RoleRead, SectionRead
from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import Role, RoleAssignment, Section
from accounts.permissions.rules.permissions import PERMISSIONS
from accounts.permissions.selectors.explain import explain, instant_asked, members, who
from accounts.permissions.services.handing_over import carry_over, hand_over
from accounts.permissions.services.invitations import accept_invitation, invite, resend_invitation, withdraw_invitation
from accounts.permissions.services.moving import move_section
from accounts.permissions.services.role_editing import create_role, delete_role, update_role
from accounts.permissions.services.roles import assign_role, end_role, set_end_of_role
from accounts.permissions.services.sections import create_section, rename_section
from accounts.users.models.users import User
from theater_site.api.inputs import NamedText, body_of
from theater_site.api.resources import Readable, Resource, creates, deletes, updates, verb
from theater_site.core import runs
from theater_site.core.actions import Action
from theater_site.core.actors import ActorKind
from theater_site.core.errors import Invalid, NotAllowed, NotFound, NotSignedIn


class Asked(serializers.Serializer[Any]):
    """The parameters of an explanation. Without `user` it is about the caller, without `at` about now."""

    user = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="Id of the user to ask about; by default yourself. Example: 7",
    )
    permission = NamedText(
        one_of=PERMISSIONS.keys, max_length=60, help_text="The permission to ask about. Example: edit_details"
    )
    at = serializers.DateTimeField(
        required=False, help_text="The instant to ask about; by default now. Example: 2027-09-01T00:00:00Z"
    )


class AskedWhen(serializers.Serializer[Any]):
    """The instant to list members for; by default now."""

    at = serializers.DateTimeField(
        required=False, help_text="The instant to ask about; by default now. Example: 2027-09-01T00:00:00Z"
    )


_AT = OpenApiParameter(
    "at",
    {"type": "string", "format": "date-time"},
    description="The instant to ask about, not in the past; by default now. Example: 2027-09-01T00:00:00Z",
)


class SectionViewSet(Readable):
    """The section tree, as far as the caller may see members."""

    queryset = Section.objects.all()
    serializer_class = SectionRead
    ordering = ("path",)
    filterset_fields = ("kind", "parent")
    create = creates(create_section, model=Section, answers=SectionRead)
    partial_update = updates(rename_section, model=Section, answers=SectionRead)
    move = verb(move_section, answers=SectionRead)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "permission",
                str,
                required=True,
                description="The permission to ask about. Example: edit_schedule",
            ),
            OpenApiParameter(
                "user",
                int,
                description="Id of the user; by default yourself. For others you need `view_members`. Example: 7",
            ),
            _AT,
        ],
        responses=ExplanationRead,
    )
    @address(detail=True, methods=["get"])
    def explain(self, request: Request, pk: str) -> Response:
        """Explain whether a user may do something here: why, until when, and through whom. You may always ask about yourself."""
        if self.actor.kind is not ActorKind.USER:
            raise NotSignedIn("Sign in to ask this.")
        asked = Asked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        for name in request.query_params:
            if name not in {*asked.fields, "format"}:
                raise Invalid(f"Ask with {', '.join(asked.fields)}.", code="unknown_filter", field=name)
        section = Section.objects.filter(pk=pk).first()
        if section is None:
            raise Http404
        at = instant_asked(asked.validated_data.get("at"))
        user = self._about(asked.validated_data.get("user"), section)
        # It is unknown how other users will sign in: the answer says whether they need a second factor.
        own_factor = self.actor.second_factor if user.pk == self.actor.user_id else True
        told = explain(user, asked.validated_data["permission"], section, at, second_factor=own_factor)
        return Response(ExplanationRead(told, context=self.get_serializer_context()).data)

    def _about(self, user_id: int | None, section: Section) -> User:
        own: User = self.actor.user
        if user_id is None or user_id == own.pk:
            return own
        if not self.actor.holds("view_members", section, runs.instant()):
            raise NotAllowed(
                "About others, you may ask this only where you may see members: it needs the permission view_members.",
                data={"needs": ["view_members"]},
            )
        found = User.objects.filter(pk=user_id).first()
        if found is None:
            raise NotFound("There is no such user.", code="user_gone", field="user")
        return found


class SectionMembers(Resource):
    """The members of a section: their permissions, from which assignment and section, until when."""

    nouns = ("member", "the members of a section")
    path_parameters = {"id": "Id of the section; listed at `/api/v1/sections/`. Example: 12"}
    queryset = User.objects.all()
    serializer_class = MemberRead
    ordering = ("pk",)
    parameters: ClassVar[dict[str, str]] = {"at": "at"}

    def get_queryset(self) -> Any:
        return User.objects.none()

    @extend_schema(responses=MemberRead(many=True), operation_id="section_members", parameters=[_AT])
    def list(self, request: Request, pk: str) -> Response:
        section = self.found(Section.objects.visible_to(self.actor))
        asked = AskedWhen(data=request.query_params)
        asked.is_valid(raise_exception=True)
        at = instant_asked(asked.validated_data.get("at"))
        page = self.paginate_queryset(self.filter_queryset(members(section, at)))
        told = MemberRead(who(section, at, page or ()), many=True, context=self.get_serializer_context())
        return self.get_paginated_response(told.data)


class RoleViewSet(Readable):
    """The roles that can be assigned."""

    queryset = Role.objects.all()
    serializer_class = RoleRead
    ordering = ("name", "pk")
    filterset_fields = ("section", "name")
    create = creates(create_role, model=Role, answers=RoleRead)
    partial_update = updates(update_role, model=Role, answers=RoleRead)
    destroy = deletes(delete_role)


def _for_several(action: Action[Any, Any], path: str) -> Callable[..., Response]:
    """POST on the list, for an action that returns several assignments."""
    body = body_of(action, model=RoleAssignment)

    def run(self: Resource, request: Request) -> Response:
        return self.perform(
            request, action, lambda made: Response(RoleAssignmentRead(made, many=True).data, status=201), body=body
        )

    run.__name__, run.__doc__ = action.name.split(".", 1)[1], action.__doc__
    routed = address(detail=False, methods=["post"], url_path=path, url_name=path)(run)
    routed.action_run = action  # type: ignore[attr-defined]
    described: Callable[..., Response] = extend_schema(request=body, responses={201: RoleAssignmentRead(many=True)})(
        routed
    )
    return described


class RoleAssignmentViewSet(Readable):
    """The role assignments: who has which role on which section, from when to when."""

    queryset = RoleAssignment.objects.all()
    serializer_class = RoleAssignmentRead
    ordering = ("-pk",)
    filterset_fields = ("user", "role", "section", "passed_on_from")
    create = creates(assign_role, model=RoleAssignment, answers=RoleAssignmentRead)
    end = verb(end_role, model=RoleAssignment, answers=RoleAssignmentRead)
    set_end = verb(set_end_of_role, model=RoleAssignment, answers=RoleAssignmentRead)
    hand_over = _for_several(hand_over, "hand-over")
    carry_over = _for_several(carry_over, "carry-over")


class InvitationRead(serializers.ModelSerializer[Invitation]):
    """An invitation. The secret of its link is only in the mail."""

    email = serializers.EmailField(help_text="The address that it was sent to. Example: bea@home.example")
    name = serializers.CharField(help_text="The invited person's name; empty if none was given. Example: Bea Marsh")
    state = serializers.SerializerMethodField(
        help_text="Its state: open, accepted, withdrawn or expired. Example: open"
    )

    class Meta:
        model = Invitation
        fields: ClassVar[tuple[str, ...]] = (
            "id", "version", "email", "name", "role", "section", "starts_at", "ends_at", "reason", "invited_by", "created_at",
            "expires_at", "withdrawn_at", "assignment", "state",
        )  # fmt: skip

    def get_state(self, row: Invitation) -> str:
        """open, accepted, withdrawn or expired"""
        return row.state_at(runs.instant())


class InvitationViewSet(Readable):
    """The invitations in sections whose members you may see."""

    queryset = Invitation.objects.all()
    serializer_class = InvitationRead
    ordering = ("-pk",)
    filterset_fields = ("section", "role", "invited_by")
    # The secret of a mailed link.
    guessed = frozenset({"invitation_unknown"})
    create = creates(invite, model=Invitation, answers=InvitationRead)
    resend = verb(resend_invitation, answers=InvitationRead)
    withdraw = verb(withdraw_invitation, answers=InvitationRead)

    @extend_schema(request=body_of(accept_invitation), responses={201: RoleAssignmentRead})
    @address(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        return self.perform(
            request,
            accept_invitation,
            lambda made: Response(RoleAssignmentRead(made).data, status=201),
            body=_ACCEPT,
        )

    accept.action_run = accept_invitation  # type: ignore[attr-defined]


_ACCEPT = body_of(accept_invitation)
