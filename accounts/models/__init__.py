from accounts.models.approvals import Agreement, ApprovalStep, Substitute, Waiting
from accounts.models.audit import AuditChange, AuditEntry, AuditValue
from accounts.models.audit_seals import AuditCheckpoint, AuditSeal, AuditUnsealed
from accounts.models.invitations import Invitation
from accounts.models.notifications import Notification
from accounts.models.preferences import NoticePreferences
from accounts.models.sections import Role, RoleAssignment, Section, SectionGrant, SectionKind
from accounts.models.submissions import (
    Submission,
    SubmissionAuthor,
    SubmissionComment,
    SubmissionState,
    SubmissionSubject,
)
from accounts.models.tokens import ApiToken, ApiTokenUse
from accounts.models.users import User, UserManager
from accounts.models.waivers import Waiver

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
    "NoticePreferences",
    "Notification",
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
