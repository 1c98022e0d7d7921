"""A column with the sounds of a name."""

from __future__ import annotations

from django.db import models

from directory.rules.name_sounds import sounds_of
from theater_site.core.fields import FoldedField


class SoundsField(FoldedField):
    """The sounds of the words of another column (see `sounds_of`), computed whenever the row is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        text = sounds_of(" ".join(str(getattr(model_instance, name) or "") for name in self.sources))
        setattr(model_instance, self.attname, text)
        return text
