"""How apps talk upward: a lower app announces what happened, or asks what it cannot know.

Both are declared in the lower app's `signals.py` and given their listeners in `theater_site/wiring.py`, nowhere else.
Both run inside the caller's transaction, and an error in a listener rolls everything back: what must not stop the
caller belongs after the commit.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.dispatch import Signal

Answer = TypeVar("Answer")


class Announcement(Signal):
    """Something that happened, in the past tense, with its arguments and their types written down.

    `announce` refuses missing, unknown and wrongly typed arguments: a listener may rely on the contract.
    """

    def __init__(self, doc: str, *, extension_point: bool = False, **arguments: type) -> None:
        """`extension_point`: nobody listens to it here; it is for apps that an installation adds."""
        super().__init__()
        self.__doc__ = doc
        self.extension_point = extension_point
        self.arguments = arguments

    def announce(self, **values: Any) -> None:
        if values.keys() != self.arguments.keys():
            raise TypeError(f"expected the arguments {sorted(self.arguments)}, got {sorted(values)}")
        for name, kind in self.arguments.items():
            if not isinstance(values[name], kind):
                raise TypeError(f"{name} must be {kind.__name__}, not {type(values[name]).__name__}")
        self.send(sender=None, **values)


class Question(Generic[Answer]):
    """Something a lower app needs to know and an upper one can tell.

    Every answerer is called with the same keyword arguments; `combine` folds their answers, in the order of wiring, into
    one. Nobody wired: `default()`. Ask for many ids at once: an answerer is a query, not a lookup in a loop.
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
        """Wire an answerer. Without `combine` there can be only one; wiring the same one twice is harmless."""
        if answerer in self.answerers:
            return
        if self.answerers and self.combine is None:
            raise TypeError("this question takes one answerer and has it already")
        missing = set(self.arguments) - set(inspect.signature(answerer).parameters)
        if missing:
            raise TypeError(f"{answerer.__qualname__} does not take {sorted(missing)}")
        self.answerers.append(answerer)

    def ask(self, **arguments: Any) -> Answer:
        if set(arguments) != set(self.arguments):
            raise TypeError(f"expected the arguments {sorted(self.arguments)}, got {sorted(arguments)}")
        answer: Answer | None = None
        for answerer in self.answerers:
            told = answerer(**arguments)
            answer = told if answer is None or self.combine is None else self.combine(answer, told)
        return self.default() if answer is None else answer
