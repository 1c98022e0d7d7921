"""The models of accounts, for the other apps; inside accounts each is imported from its own package."""

from accounts.approvals.models.approvals import Agreement, ApprovalStep, Substitute, Waiting
from accounts.approvals.models.submissions import (
    Submission,
    SubmissionAuthor,
    SubmissionComment,
    SubmissionState,
    SubmissionSubject,
)
from accounts.approvals.models.waivers import Waiver
from accounts.audit.models.entries import AuditChange, AuditEntry, AuditValue
from accounts.audit.models.seals import AuditCheckpoint, AuditSeal, AuditUnsealed
from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import Role, RoleAssignment, Section, SectionGrant, SectionKind
from accounts.permissions.models.tokens import ApiToken, ApiTokenUse
from accounts.users.models.users import User, UserManager

__all__ = [
    "Agreement",
    "ApiToken",
    "ApiTokenUse",
    "ApprovalStep",
    "AuditChange",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditSeal",
    "AuditUnsealed",
    "AuditValue",
    "Invitation",
    "Notification",
    "NotificationPreferences",
    "Role",
    "RoleAssignment",
    "Section",
    "SectionGrant",
    "SectionKind",
    "Submission",
    "SubmissionAuthor",
    "SubmissionComment",
    "SubmissionState",
    "SubmissionSubject",
    "Substitute",
    "User",
    "UserManager",
    "Waiting",
    "Waiver",
]
