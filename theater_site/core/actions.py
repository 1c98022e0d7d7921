"""Every change is a service: a function registered as an action, run by one runner for all of them.

    @action("production.publish", needs=Needs("publish_details", on="production"), subject="production")
    def publish_production(*, production: Production) -> Production: ...

There are four entry points, no more. `publish_production(actor=..., production=...)` does it or refuses; `.submit(...)`
does it, or stores it for approval where the actor may only submit; `.as_consequence(...)` does it inside a running
action, unasked, with an audit entry of its own that names its cause; `.preview(...)` does it, tells what came of it, and
takes it all back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import update_wrapper
from typing import Any, Generic, NoReturn, ParamSpec, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from theater_site.core import inputs, judges
from theater_site.core.actors import Actor, ActorKind
from theater_site.core.changes import Change, exposed
from theater_site.core.conflicts import conflict_of
from theater_site.core.digests import digest_of
from theater_site.core.errors import Conflict, NotAllowed, NotFound, NotSignedIn, Stale
from theater_site.core.judges import Finding
from theater_site.core.logs import request_id
from theater_site.core.models.content import ContentModel, section_joined
from theater_site.core.runs import UNATTRIBUTED, Run, current, instant, running
from theater_site.core.signals import action_done, changed_since, standing_waivers, store_submission

__all__ = [
    "Action", "Needs", "OpenTo", "Preview", "Run", "Submitted", "action", "also_needs", "current", "digest_of", "registered",
    "rehearsal",
]  # fmt: skip

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Needs:
    """The permission (a codename such as `edit_details`) that is needed, on the section of which argument.

    `on` may follow attributes: "production.season"; "approve_{area}" takes the area from the argument
    `area`, else from the object itself. Where content moves between sections, an action has two of these.
    """

    permission: str
    on: str


class OpenTo(Enum):
    """Actions that need no permission: for anybody, for anybody signed in, or for the installation itself alone.

    Such an action guards itself, by a secret that it is given or by whose thing it touches.
    """

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an action would do: its result (detached), the changes, the judges' findings, and the digest to approve."""

    result: Any
    changes: list[Change]
    findings: list[Finding]
    digest: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer of `.submit` where the actor may only submit: the stored submission."""

    submission: Any


class _TakeBack(Exception):
    """Ends a preview's transaction."""


class Action(Generic[P, Result]):
    """A registered service. Call it by keyword with `actor` and its inputs; `if_version` is the version the caller saw,
    `waive` maps a warning's rule to the reason for going on in spite of it."""

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
        if taken := {"actor", "if_version", "waive", "submitting"} & self.kinds.keys():
            raise TypeError(f"{name}: {sorted(taken)} are the runner's own")
        for argument in (*(need.on.split(".")[0] for need in needs), *([subject] if subject else [])):
            if argument not in self.kinds:
                raise TypeError(f"{name} has no argument {argument!r}")
        if exposes and subject is None:
            raise TypeError(f"{name} exposes its subject, and has none")
        if submittable and len(needs) != 1:
            raise TypeError(f"{name} needs {len(needs)} permissions: what is submitted is decided in one area")
        update_wrapper(self, function)

    # --- the four entry points -----------------------------------------------------------------------------------

    def __call__(
        self, *, actor: Actor, if_version: int | None = None, waive: Mapping[str, str] | None = None, **given: Any
    ) -> Result:
        """Do it, or raise a DomainError and have done nothing."""
        return self._called(actor, given, if_version, waive)

    def submit(
        self, *, actor: Actor, if_version: int | None = None, waive: Mapping[str, str] | None = None, **given: Any
    ) -> Result | Submitted:
        """Do it, or store it for approval where the actor may only submit; raise NotAllowed where they may neither."""
        if not self.submittable:
            return self(actor=actor, if_version=if_version, waive=waive, **given)
        permitted = self.permits(actor, given)
        if not permitted and self.permits(actor, given, submit=True):
            return Submitted(store_submission.ask(action=self, actor=actor, given=given, if_version=if_version))
        if not permitted:
            self.refuse(actor, given)
        return self._called(actor, given, if_version, waive, permitted=True)

    def as_consequence(self, *, if_version: int | None = None, **given: Any) -> Result:
        """Do it as part of the running action: same transaction, actor and instant, without asking for a permission."""
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
        """Do it, tell what changed and what the judges find, and take it all back. Refuses as the call would, except that
        the judges' findings are told instead of raised, and that `submitting` asks only for the permission to submit."""
        run = _begun(self, actor, previewing=True)
        with _taken_back():
            result = self._run(run, given, if_version, submitting=submitting)
        return Preview(result, run.all_changes(), run.all_findings(), digest_of(run.agreed_to(), run.instant))

    def _called(
        self,
        actor: Actor,
        given: dict[str, Any],
        if_version: int | None,
        waive: Mapping[str, str] | None,
        *,
        permitted: bool = False,
    ) -> Result:
        run, outer = _begun(self, actor, waive), running.get()
        result = self._run(run, given, if_version, permitted=permitted)
        if outer is not None:
            outer.keep(consequences=[run])
        return result

    # --- what they share -------------------------------------------------------------------------------------------

    def permits(
        self, actor: Actor, given: Mapping[str, Any], *, submit: bool = False, at: datetime | None = None
    ) -> bool:
        """Whether `actor` holds what this needs (or the matching permission to submit) on the given arguments."""
        if self.open_to is OpenTo.PUBLIC:
            return True
        if self.open_to is OpenTo.SIGNED_IN:
            return actor.kind is not ActorKind.PUBLIC
        if self.open_to is OpenTo.SYSTEM:
            return actor.kind is ActorKind.SYSTEM
        at = at or instant()
        return all(
            actor.holds(_to_submit(permission) if submit else permission, scope, at)
            for permission, scope in self.scopes(given)
        )

    def scopes(self, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """Each permission that this needs, with the object on whose section it is needed."""
        scopes = [(need.permission, _scope(given, need.on)) for need in self.needs]
        return [
            (permission.format(area=given.get("area") or getattr(scope, "area", "")), scope)
            if "{" in permission
            else (permission, scope)
            for permission, scope in scopes
        ]

    def refuse(self, actor: Actor, given: Mapping[str, Any]) -> NoReturn:
        """Raise what somebody is told who may not do this: NotSignedIn for the public, NotAllowed for others."""
        if actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to do this.")
        for permission, scope in self.scopes(given):
            if (better := actor.why_not(permission, scope, instant())) is not None:
                raise better
        permissions = sorted({permission for permission, _ in self.scopes(given)})
        if any(permission.endswith("_") for permission in permissions):
            raise Conflict("It is not known yet what area this is about. Submit it first.", code="wrong_state")
        raise NotAllowed(
            f"You may not do this here; it needs the permission {' and '.join(permissions) or 'of the installation itself'}."
            + (" Ask those who manage the members of this section." if permissions else ""),
            data={"action": self.name, "needs": permissions},
        )

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
        """Run the body in its transaction. The permission is evaluated once, before anything is locked, unless `permitted`
        says that the caller did; and again only where the lock shows that the answer may differ."""
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
                    given = self._with_fresh_subject(given, if_version)
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
                    self._judge(run)
                finally:
                    running.reset(token)
                if not run.previewing and running.get() is None:
                    action_done.announce(run=run)
                return result
        except IntegrityError as error:
            raise conflict_of(error) from error

    def _permission_keys(self, given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """Each permission that this needs, with the id of the section that it is needed on."""
        return [
            (permission, scope.owning_section_id if isinstance(scope, ContentModel) else scope)
            for permission, scope in self.scopes(given)
        ]

    def _with_fresh_subject(self, given: dict[str, Any], if_version: int | None) -> dict[str, Any]:
        """The subject as it is now, locked until the end; refused where it is not what the caller saw."""
        assert self.subject is not None
        seen = given[self.subject]
        model = type(seen)
        rows = model._base_manager.select_for_update(of=("self",))
        if issubclass(model, ContentModel):
            rows = section_joined(rows)
            if model.loaded_along:
                rows = rows.select_related(*model.loaded_along)
        # Not .first(), which orders what is one row: a quarter of this query's cost.
        fresh = next(iter(rows.filter(pk=seen.pk).order_by()), None)
        if fresh is None:
            raise NotFound(f"This {model._meta.verbose_name} is gone.")
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

    def _judge(self, run: Run) -> None:
        run.findings = judges.findings_on(run.changes)
        if run.previewing or not run.findings:
            return
        judges.refuse_errors(run.findings)
        waivable = [finding for finding in run.findings if not run.waivers.get(finding.rule, "").strip()]
        if waivable:
            standing = standing_waivers.ask(findings=waivable, at=run.instant)
            # What was waived with an earlier value does not hold for a value that is written now.
            written = {(c.object_type, str(c.object_id), name) for c in run.changes for name in c.after}
            standing = {
                found: pk
                for found, pk in standing.items()
                if pk is not None or (found.object_type, found.object_id, found.field) not in written
            }
            if ids := {pk for pk in standing.values() if pk is not None}:
                run.note["waivers"] = sorted(ids)
            waivable = [finding for finding in waivable if finding not in standing]
        if waivable:
            raise Conflict(
                _waive_message(waivable, run.waivers),
                code="waiver_required",
                data={"findings": [finding.as_data() for finding in waivable]},
            )

    def __repr__(self) -> str:
        return f"<action {self.name}>"


def _waive_message(findings: list[Finding], waivers: Mapping[str, str]) -> str:
    rules = sorted({finding.rule for finding in findings})
    shape = ", ".join(f'"{rule}": "<reason>"' for rule in rules)
    unknown = sorted(waivers.keys() - set(rules))
    wrong = f" Nothing here asks for a waiver of {', '.join(unknown)}." if unknown else ""
    return f'There are warnings. Fix what they name, or waive each rule with a reason: "waive": {{{shape}}}.{wrong}'


def also_needs(*permissions: tuple[str, Any], to: str) -> None:
    """Inside an action, require further permissions for a part of it, each on its object.

    Raises: NotAllowed; `to` names that part in its message.
    """
    run = current()
    for permission, scope in permissions:
        if not run.actor.holds(permission, scope, run.instant):
            raise NotAllowed(f"You may not {to}; it needs the permission {permission}.", data={"needs": [permission]})


@contextmanager
def rehearsal(actor: Actor) -> Iterator[Run]:
    """A transaction that is taken back at its end, in which actions run `as_consequence` of the run that is yielded: what
    they would do together is in its changes and findings. Nothing is announced, and no permission is asked for."""
    run = _begun(None, actor, previewing=True)
    with _taken_back():
        run.begin()
        token = running.set(run)
        try:
            yield run
            run.decide()
        finally:
            running.reset(token)


def _begun(
    action: Action[Any, Any] | None,
    actor: Actor,
    waive: Mapping[str, str] | None = None,
    *,
    previewing: bool = False,
) -> Run:
    """A run inside the running one, if there is one: of its instant, and caused by it."""
    outer = running.get()
    return Run(
        name=action.name if action is not None else UNATTRIBUTED,
        actor=actor,
        instant=outer.instant if outer is not None else timezone.now(),
        cause=outer.id if outer is not None else None,
        request_id=request_id(),
        waivers=dict(waive or {}),
        previewing=previewing or (outer is not None and outer.previewing),
        keeps_values=outer is None or outer.keeps_values,
    )


@contextmanager
def _taken_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise _TakeBack
    except _TakeBack:
        pass


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
    """Register a service under `name` ("production.publish").

    Exactly one of `needs` and `open_to` is given. `subject` is the argument that the runner loads again and locks before
    the body, and whose version `if_version` is compared with. `lock` takes a lock that is wider than the subject's, and is
    called before it: the other way round two actions could wait for each other. Behind it what the actor holds is read
    again and asked again. `exposes`: others see the subject from then on, so that anybody who agrees to it agrees to all that
    is in it: its digest is of that as well.
    """
    needed = (needs,) if isinstance(needs, Needs) else tuple(needs)
    if bool(needed) == (open_to is not None):
        raise TypeError(f"{name}: say what it needs, or to whom it is open")

    def register(function: Callable[P, Result]) -> Action[P, Result]:
        if name in _registry:
            raise TypeError(f"there is an action {name} already")
        made = Action(
            function,
            name=name,
            needs=needed,
            open_to=open_to,
            submittable=submittable,
            subject=subject,
            lock=lock,
            exposes=exposes,
        )
        _registry[name] = made
        return made

    return register


def registered() -> dict[str, Action[Any, Any]]:
    """All actions by name."""
    return dict(sorted(_registry.items()))


def _to_submit(permission: str) -> str:
    return "submit_" + permission.split("_", 1)[1]


def _scope(given: Mapping[str, Any], path: str) -> Any:
    here: Any = given
    for step in path.split("."):
        here = here[step] if isinstance(here, Mapping) else getattr(here, step)
        if here is None:
            break
    return here
