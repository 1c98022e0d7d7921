"""What is pending in a production ends with the production."""

from __future__ import annotations

from typing import Any

from accounts.approvals.services.submissions.closing import close_submissions


def close_waiting(production: Any, reason: str, **_: Any) -> None:
    """Close the submissions of a canceled production, whatever they are about."""
    close_submissions(production.section, reason)
