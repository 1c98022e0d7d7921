"""The permissions that actions need: declared with `Needs` or `OpenTo`, evaluated against an actor and the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from theater_site.core.actors import Actor, ActorKind
from theater_site.core.errors import NotAllowed
from theater_site.core.runs import current


@dataclass(frozen=True, slots=True)
class Needs:
    """A permission codename such as `edit_details`, and the argument on whose section it is needed.

    `on` may follow attributes: "production.season". In "approve_{area}", the area is the argument `area`, else the
    attribute `area` of the object. An action that moves content between sections has two of these.
    """

    permission: str
    on: str


class OpenTo(Enum):
    """Who may run an action that needs no permission: everybody, every signed-in user, or the installation itself only.

    Such an action checks in its body that the caller knows a secret or changes only objects of their own.
    """

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    SYSTEM = "system"

    def admits(self, actor: Actor) -> bool:
        """Whether `actor` may run an action that is open in this way."""
        if self is OpenTo.PUBLIC:
            return True
        if self is OpenTo.SIGNED_IN:
            return actor.kind is not ActorKind.PUBLIC
        return actor.kind is ActorKind.SYSTEM


def resolve(needs: Sequence[Needs], inputs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Each needed permission with the object on whose section it is needed.

    A permission whose area is still unknown ends with an underscore.
    """
    resolved = []
    for need in needs:
        scope = _follow(inputs, need.on)
        area = inputs.get("area") or getattr(scope, "area", "") if "{" in need.permission else ""
        resolved.append((need.permission.format(area=area), scope))
    return resolved


def submit_permission(permission: str) -> str:
    """The permission to submit in the area of `permission`: `submit_details` for `edit_details`."""
    return "submit_" + permission.split("_", 1)[1]


def also_needs(*permissions: tuple[str, Any], to: str) -> None:
    """Inside an action, require further permissions for a part of it, each on its object.

    Raises: NotAllowed; its message names the part with `to`, such as "copy the cast".
    """
    run = current()
    for permission, scope in permissions:
        if not run.actor.holds(permission, scope, run.instant):
            raise NotAllowed(f"You may not {to}. It needs the permission {permission}.", data={"needs": [permission]})


def _follow(inputs: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of keys and attributes. None where a step on the way is None."""
    value: Any = inputs
    for step in path.split("."):
        value = value[step] if isinstance(value, Mapping) else getattr(value, step)
        if value is None:
            break
    return value
