"""How a lower app reaches the apps above it: it announces what happened, or asks a question.

Announcements and questions are declared in the lower app's `signals.py`. Only `theater_site/wiring.py` connects receivers
and answerers. They run inside the caller's transaction, and an error in one rolls everything back. Work that must not
stop the caller belongs into an on-commit callback.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.dispatch import Signal

Answer = TypeVar("Answer")


class Announcement(Signal):
    """Something that happened, named in the past tense, with the names and types of its arguments.

    `announce` refuses missing, unknown and wrongly typed arguments, so that receivers can rely on them.
    """

    def __init__(self, doc: str, *, extension_point: bool = False, **arguments: type) -> None:
        """`extension_point`: the product has no receiver; it is for apps that an installation adds."""
        super().__init__()
        self.__doc__ = doc
        self.extension_point = extension_point
        self.arguments = arguments

    def announce(self, **values: Any) -> None:
        """Call all receivers. Raises TypeError for arguments that do not match the declaration."""
        if values.keys() != self.arguments.keys():
            raise TypeError(f"expected the arguments {sorted(self.arguments)}, got {sorted(values)}")
        for name, kind in self.arguments.items():
            if not isinstance(values[name], kind):
                raise TypeError(f"{name} must be {kind.__name__}, not {type(values[name]).__name__}")
        self.send(sender=None, **values)


class Question(Generic[Answer]):
    """Something that a lower app needs to know and an app above it can answer.

    `ask` calls every answerer with the same keyword arguments. `combine` folds their answers into one, in the order of
    wiring. Without an answerer, the answer is `default()`. Ask for many ids at once: an answerer usually runs a query.
    """

    def __init__(
        self,
        doc: str,
        *,
        arguments: tuple[str, ...],
        default: Callable[[], Answer],
        combine: Callable[[Answer, Answer], Answer] | None = None,
    ) -> None:
        self.__doc__ = doc
        self.arguments = arguments
        self.default = default
        self.combine = combine
        self.answerers: list[Callable[..., Answer]] = []

    def answered_by(self, answerer: Callable[..., Answer]) -> None:
        """Add an answerer. Adding the same one again does nothing.

        Raises TypeError for a second answerer without `combine`, and for one that lacks an argument.
        """
        if answerer in self.answerers:
            return
        if self.answerers and self.combine is None:
            raise TypeError("this question has no `combine`, so it takes only one answerer")
        missing = set(self.arguments) - set(inspect.signature(answerer).parameters)
        if missing:
            raise TypeError(f"{answerer.__qualname__} does not take {sorted(missing)}")
        self.answerers.append(answerer)

    def ask(self, **arguments: Any) -> Answer:
        """The combined answer of all answerers. Raises TypeError for arguments that do not match the declaration."""
        if set(arguments) != set(self.arguments):
            raise TypeError(f"expected the arguments {sorted(self.arguments)}, got {sorted(arguments)}")
        answer: Answer | None = None
        for answerer in self.answerers:
            given = answerer(**arguments)
            answer = given if answer is None or self.combine is None else self.combine(answer, given)
        return self.default() if answer is None else answer
