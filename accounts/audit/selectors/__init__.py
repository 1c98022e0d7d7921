from accounts.audit.selectors.history import changed_since

__all__ = ["changed_since"]
