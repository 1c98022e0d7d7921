"""Descriptions of inputs, at their annotations: `Annotated[int, Doc("Length in minutes. Example: 150")]`.

An annotated model (`Annotated[User, Doc(...)]`) needs `# type: ignore[valid-type]`, since django-stubs gives `Annotated`
models a different meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doc:
    """The description of an input: meaning, unit, format, an example.

    - `one_of` returns the allowed values of a text that has no enum. The action itself refuses others.
    - `of` is the label of a model ("productions.production"), for a list of objects: keys without a `Doc` are described by
      the model's fields of the same names.
    - `longest` is the largest number of characters of a text.
    """

    text: str
    one_of: Callable[[], Iterable[str]] | None = None
    of: str = ""
    longest: int = 10_000
