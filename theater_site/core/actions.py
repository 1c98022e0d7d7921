"""Actions: every change is a service, a function that is registered by name and run by one runner.

    @action("production.publish", needs=Needs("publish_details", on="production"), subject="production")
    def publish_production(*, production: Production) -> Production: ...

An action has four entry points:

- `publish_production(actor=..., production=...)` runs it, or raises and changes nothing.
- `.submit(...)` runs it, or stores a submission where the actor may only submit.
- `.as_consequence(...)` runs it inside the running action, without a permission check. It gets its own audit entry, which
  names its cause.
- `.preview(...)` runs it, returns what it would change, and rolls everything back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Token
from dataclasses import dataclass
from datetime import datetime
from functools import update_wrapper
from typing import Any, Generic, NoReturn, ParamSpec, TypeVar

from django.db import IntegrityError, transaction

from theater_site.core import inputs, waivers
from theater_site.core.actors import Actor, ActorKind
from theater_site.core.changes import exposed
from theater_site.core.conflicts import conflict_of
from theater_site.core.digests import digest_of
from theater_site.core.errors import Conflict, NotAllowed, NotFound, NotSignedIn, Stale
from theater_site.core.models.content import ContentModel, section_joined
from theater_site.core.needs import Needs, OpenTo, also_needs, resolve, submit_permission
from theater_site.core.previews import Preview, rehearsal, rolled_back
from theater_site.core.runs import Run, current, instant, running, start_run
from theater_site.core.signals import action_done, changed_since, store_submission

__all__ = [
    "Action", "Needs", "OpenTo", "Preview", "Run", "Submitted", "action", "also_needs", "current", "digest_of", "registered",
    "rehearsal",
]  # fmt: skip

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Submitted:
    """What `.submit` returns where the actor may only submit: the stored submission."""

    submission: Any


class Action(Generic[P, Result]):
    """A registered service. Call it by keyword with `actor` and its inputs.

    `if_version` is the version of the subject that the caller saw. `waive` maps the rule of a warning to the reason for
    waiving it.
    """

    def __init__(
        self,
        function: Callable[P, Result],
        *,
        name: str,
        needs: tuple[Needs, ...],
        open_to: OpenTo | None,
        submittable: bool,
        subject: str | None,
        lock: Callable[[], None] | None = None,
        exposes: bool = False,
    ) -> None:
        self.function = function
        self.name = name
        self.needs = needs
        self.open_to = open_to
        self.submittable = submittable
        self.subject = subject
        self.lock = lock
        self.exposes = exposes
        self.kinds = inputs.kinds_of(function)
        self.docs = inputs.docs_of(function)
        self.model = inputs.model_of(function, subject)
        if reserved := {"actor", "if_version", "waive", "submitting"} & self.kinds.keys():
            raise TypeError(f"{name}: the argument names {sorted(reserved)} are reserved for the runner")
        for argument in (*(need.on.split(".")[0] for need in needs), *([subject] if subject else [])):
            if argument not in self.kinds:
                raise TypeError(f"{name} has no argument {argument!r}")
        if exposes and subject is None:
            raise TypeError(f"{name} exposes its subject, but declares none")
        if submittable and len(needs) != 1:
            raise TypeError(
                f"{name} needs {len(needs)} permissions; a submittable action needs one, so that one area decides"
            )
        update_wrapper(self, function)

    # --- the four entry points -----------------------------------------------------------------------------------

    def __call__(
        self, *, actor: Actor, if_version: int | None = None, waive: Mapping[str, str] | None = None, **given: Any
    ) -> Result:
        """Run the action. Raises a DomainError and changes nothing where it is refused."""
        return self._start_and_run(actor, given, if_version, waive)

    def submit(
        self, *, actor: Actor, if_version: int | None = None, waive: Mapping[str, str] | None = None, **given: Any
    ) -> Result | Submitted:
        """Run the action, or store a submission where the actor may only submit.

        Raises: NotAllowed or NotSignedIn where the actor may do neither, else what the call raises.
        """
        if not self.submittable:
            return self(actor=actor, if_version=if_version, waive=waive, **given)
        permitted = self.permits(actor, given)
        if not permitted and self.permits(actor, given, submit=True):
            return Submitted(store_submission.ask(action=self, actor=actor, given=given, if_version=if_version))
        if not permitted:
            self.refuse(actor, given)
        return self._start_and_run(actor, given, if_version, waive, permitted=True)

    def as_consequence(self, *, if_version: int | None = None, **given: Any) -> Result:
        """Run the action as part of the running one: same transaction, actor and instant, no permission check.

        Raises: LookupError outside of an action.
        """
        cause = current()
        run = Run(
            name=self.name,
            actor=cause.actor,
            instant=cause.instant,
            cause=cause.id,
            on_behalf_of=cause.on_behalf_of,
            request_id=cause.request_id,
            waivers=cause.waivers,
            previewing=cause.previewing,
            keeps_values=cause.keeps_values,
        )
        result = self._run(run, given, if_version, consequence=True)
        cause.keep(consequences=[run])
        return result

    def preview(
        self, *, actor: Actor, if_version: int | None = None, submitting: bool = False, **given: Any
    ) -> Preview:
        """Run the action, return its changes and the judges' findings, and roll everything back.

        Raises what the call raises, except that findings are returned. With `submitting`, the permission to submit is
        enough.
        """
        run = start_run(self.name, actor=actor, previewing=True)
        with rolled_back():
            result = self._run(run, given, if_version, submitting=submitting)
        return Preview(result, run.all_changes(), run.all_findings(), digest_of(run.agreed_to(), run.instant))

    def _start_and_run(
        self,
        actor: Actor,
        given: dict[str, Any],
        if_version: int | None,
        waive: Mapping[str, str] | None,
        *,
        permitted: bool = False,
    ) -> Result:
        run, outer = start_run(self.name, actor=actor, waive=waive), running.get()
        result = self._run(run, given, if_version, permitted=permitted)
        if outer is not None:
            outer.keep(consequences=[run])
        return result

    # --- permissions ---------------------------------------------------------------------------------------------

    def permits(
        self, actor: Actor, given: Mapping[str, Any], *, submit: bool = False, at: datetime | None = None
    ) -> bool:
        """Whether `actor` has every needed permission for these inputs; with `submit`, the permissions to submit."""
        if self.open_to is not None:
            return self.open_to.admits(actor)
        at = at or instant()
        return all(
            actor.holds(submit_permission(permission) if submit else permission, scope, at)
            for permission, scope in self.scopes(given)
        )

    def scopes(self, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """Each needed permission with the object on whose section it is needed."""
        return resolve(self.needs, given)

    def refuse(self, actor: Actor, given: Mapping[str, Any]) -> NoReturn:
        """Raise the error for an actor without permission.

        Raises: NotSignedIn for the public; Conflict `wrong_state` while the needed area is unknown; else NotAllowed, with
        the needed permissions in `data["needs"]`.
        """
        if actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to do this.")
        scopes = self.scopes(given)
        for permission, scope in scopes:
            if (explained := actor.why_not(permission, scope, instant())) is not None:
                raise explained
        permissions = sorted({permission for permission, _ in scopes})
        if any(permission.endswith("_") for permission in permissions):
            raise Conflict("The area of this submission is not known yet. Submit it first.", code="wrong_state")
        if not permissions:
            message = "You may not do this here. Only the installation itself may, by a command or a periodic job."
        else:
            message = (
                f"You may not do this here. It needs the permission {' and '.join(permissions)}. "
                "Ask somebody who manages the members of this section."
            )
        raise NotAllowed(message, data={"action": self.name, "needs": permissions})

    # --- the runner ----------------------------------------------------------------------------------------------

    def _run(
        self,
        run: Run,
        given: dict[str, Any],
        if_version: int | None,
        *,
        consequence: bool = False,
        submitting: bool = False,
        permitted: bool = False,
    ) -> Result:
        """Run the body in its transaction.

        The permission is checked once, before anything is locked, unless the caller checked it (`permitted`). It is checked
        again under the lock only where the answer may have changed.
        """
        if given.keys() != self.kinds.keys():
            raise TypeError(
                f"{self.name} takes exactly {sorted(self.kinds)}; missing {sorted(self.kinds.keys() - given.keys())}, "
                f"unknown {sorted(given.keys() - self.kinds.keys())}"
            )

        def check_permission() -> None:
            if not self.permits(run.actor, given, submit=submitting, at=run.instant):
                self.refuse(run.actor, given)

        if not consequence and not permitted:
            check_permission()
        token: Token[Run | None] | None = None
        try:
            # A consequence needs no savepoint of its own: when it fails, so does its cause.
            with transaction.atomic(savepoint=not consequence):
                checked = None if consequence else self._permission_keys(given)
                if self.lock is not None:
                    self.lock()
                    run.actor.renew()
                if self.subject is not None:
                    given = self._with_locked_subject(given, if_version)
                    if self.exposes:
                        run.exposed = exposed(given[self.subject])
                if checked is not None and (self.lock is not None or self._permission_keys(given) != checked):
                    check_permission()
                run.given = given
                run.begin()
                token = running.set(run)
                try:
                    result = self.function(**given)  # type: ignore[call-arg]
                    run.decide()
                    waivers.judge(run)
                finally:
                    running.reset(token)
                if not run.previewing and running.get() is None:
                    action_done.announce(run=run)
                return result
        except IntegrityError as error:
            raise conflict_of(error) from error

    def _permission_keys(self, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """Each needed permission with the id of the section on which it is needed."""
        return [
            (permission, scope.owning_section_id if isinstance(scope, ContentModel) else scope)
            for permission, scope in self.scopes(given)
        ]

    def _with_locked_subject(self, given: dict[str, Any], if_version: int | None) -> dict[str, Any]:
        """The inputs with the subject loaded again and locked until the end of the transaction.

        Raises: NotFound where it was deleted; Stale where its version is not `if_version`.
        """
        assert self.subject is not None
        seen = given[self.subject]
        model = type(seen)
        rows = model._base_manager.select_for_update(of=("self",))
        if issubclass(model, ContentModel):
            rows = section_joined(rows)
            if model.loaded_along:
                rows = rows.select_related(*model.loaded_along)
        # Not .first(): its ORDER BY on a single row is a quarter of this query's cost.
        fresh = next(iter(rows.filter(pk=seen.pk).order_by()), None)
        if fresh is None:
            if issubclass(model, ContentModel):
                raise model.gone(seen.pk)
            raise NotFound(f"This {model._meta.verbose_name} was deleted.")
        if if_version is not None and fresh.version != if_version:
            raise Stale(
                f"This {model._meta.verbose_name} has changed since version {if_version}; it is now at version "
                f"{fresh.version}. Load it again and repeat.",
                data={
                    "current_version": fresh.version,
                    "changed": changed_since.ask(
                        object_type=model._meta.label_lower, object_id=fresh.pk, version=if_version
                    ),
                },
            )
        return {**given, self.subject: fresh}

    def __repr__(self) -> str:
        return f"<action {self.name}>"


_registry: dict[str, Action[Any, Any]] = {}


def action(
    name: str,
    *,
    needs: Needs | tuple[Needs, ...] = (),
    open_to: OpenTo | None = None,
    submittable: bool = False,
    subject: str | None = None,
    lock: Callable[[], None] | None = None,
    exposes: bool = False,
) -> Callable[[Callable[P, Result]], Action[P, Result]]:
    """Register a service under `name` ("production.publish"). Give either `needs` or `open_to`.

    - `submittable`: an actor who may only submit gets a submission stored instead.
    - `subject`: the argument that the runner loads again and locks before the body, and whose version is compared with
      `if_version`.
    - `lock`: takes a wider lock, before the subject's: in the other order, two actions could wait for each other. The
      actor's permissions are loaded and checked again after it.
    - `exposes`: the action shows the subject to more people. Its digest then covers all values of the subject, since an
      approver approves all of them.
    """
    needed = (needs,) if isinstance(needs, Needs) else tuple(needs)
    if bool(needed) == (open_to is not None):
        raise TypeError(f"{name}: give either needs or open_to")

    def register(function: Callable[P, Result]) -> Action[P, Result]:
        if name in _registry:
            raise TypeError(f"the action {name} is registered twice")
        _registry[name] = Action(
            function,
            name=name,
            needs=needed,
            open_to=open_to,
            submittable=submittable,
            subject=subject,
            lock=lock,
            exposes=exposes,
        )
        return _registry[name]

    return register


def registered() -> dict[str, Action[Any, Any]]:
    """All actions by name."""
    return dict(sorted(_registry.items()))
