from accounts.models.audit import AuditChange, AuditEntry, AuditValue
from accounts.models.notifications import Notification
from accounts.models.sections import Role, RoleAssignment, Section, SectionGrant, SectionKind
from accounts.models.submissions import Submission, SubmissionState
from accounts.models.users import User, UserManager

__all__ = [
    "AuditChange",
    "AuditEntry",
    "AuditValue",
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
