from theater_site.core.models.bookkeeping import Heartbeat, IdempotentAnswer
from theater_site.core.models.content import ContentManager, ContentModel, ContentQuerySet

__all__ = ["ContentManager", "ContentModel", "ContentQuerySet", "Heartbeat", "IdempotentAnswer"]
