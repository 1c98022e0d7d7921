from accounts.selectors.audit.history import changed_since

__all__ = ["changed_since"]
