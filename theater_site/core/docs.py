"""What an input means, written at its annotation: `Annotated[int, Doc("Length in minutes. Example: 150")]`.

Of a model (`Annotated[User, Doc(...)]`) it needs `# type: ignore[valid-type]`: django-stubs reads a model's annotations as
types of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doc:
    """What an input means, in plain English: unit, format, an example.

    `one_of` answers the values that a text may have, where no enum is its kind; the action itself refuses others. `of` names
    the model ("productions.production") whose fields the keys of a list's objects are named like, where it is another than
    the action's. `longest` is how many characters a text may have.
    """

    text: str
    one_of: Callable[[], Iterable[str]] | None = None
    of: str = ""
    longest: int = 10_000
