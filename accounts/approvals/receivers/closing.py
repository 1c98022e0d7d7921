"""Closes the pending submissions of a canceled production."""

from __future__ import annotations

from typing import Any

from accounts.approvals.services.submissions.closing import close_submissions


def close_waiting(production: Any, reason: str, **_: Any) -> None:
    """Close all open submissions in the section of a canceled production."""
    close_submissions(production.section, reason)
