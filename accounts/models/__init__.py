from accounts.models.audit import AuditChange, AuditEntry, AuditValue
from accounts.models.audit_seals import AuditCheckpoint, AuditSeal, AuditUnsealed
from accounts.models.invitations import Invitation
from accounts.models.notifications import Notification
from accounts.models.sections import Role, RoleAssignment, Section, SectionGrant, SectionKind
from accounts.models.submissions import Submission, SubmissionState
from accounts.models.tokens import ApiToken, ApiTokenUse
from accounts.models.users import User, UserManager

__all__ = [
    "ApiToken",
    "ApiTokenUse",
    "AuditChange",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditSeal",
    "AuditUnsealed",
    "AuditValue",
    "Invitation",
    "Notification",
    "Role",
    "RoleAssignment",
    "Section",
    "SectionGrant",
    "SectionKind",
    "Submission",
    "SubmissionState",
    "User",
    "UserManager",
]
