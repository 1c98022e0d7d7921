"""Anything that people do with submissions, in any order, against a simple model of what must come of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.approvals.services.submissions import (
    approve_submission,
    draft_submission,
    rebase_submission,
    reject_submission,
    request_changes,
    save_submission,
    share_submission,
    submit_submission,
    withdraw_submission,
)
from accounts.models import Submission, User
from productions.models import Production
from productions.services.productions import publish_production, unpublish_production, update_production
from tests import world
from tests.laws.scenes import Theater
from theater_site.core.errors import Conflict, DomainError, Invalid, NotAllowed

FIELDS = ("genre", "company")
WRITABLE = {"draft", "changes_requested", "rejected", "stale", "failed"}
OPEN = {"submitted", "changes_requested", "approved", "stale", "failed"}


class Model:
    """A submission as it should be. `seen` is what stood in its field when it was previewed."""

    def __init__(self, author: User, field: str, value: str) -> None:
        self.author, self.field, self.value = author, field, value
        self.writers = {author}
        self.state, self.round = "draft", 0
        self.seen: str | None = None


class Submissions(RuleBasedStateMachine):
    """Two who submit, a director who decides and changes things besides, another one who may be asked in."""

    made = Bundle("made")

    @initialize()
    def found(self) -> None:
        self.theater = Theater()
        self.production = self.theater.production
        self.authors = [
            world.give("marketing_coordinator", self.theater.root, by=self.theater.director) for _ in range(2)
        ]
        self.deciders = [self.theater.director, self.theater.other_director]
        self.live = dict.fromkeys(FIELDS, "")
        self.public = True
        self.models: dict[int, Model] = {}

    # --- what people do -----------------------------------------------------------------------------------------

    @rule(
        target=made, who=st.integers(0, 1), field=st.sampled_from(FIELDS), value=st.sampled_from(["a", "b", "x" * 301])
    )
    def draft(self, who: int, field: str, value: str) -> int:
        author = self.authors[who]
        row = draft_submission(actor=world.acting(author), fields={"items": self._items(field, value)})
        self.models[row.pk] = Model(author, field, value)
        return row.pk

    @rule(pk=made, who=st.integers(0, 3), value=st.sampled_from(["c", "d", "x" * 301]))
    def edit(self, pk: int, who: int, value: str) -> None:
        model, person = self.models[pk], self._person(who)
        allowed = person in self._may_write(model) and model.state in WRITABLE | {"submitted"}
        if allowed and model.state == "submitted" and len(value) > 60:
            allowed = False
        if self._does(allowed, save_submission, person, pk, changes={"items": self._items(model.field, value)}):
            model.value = value
            model.writers.add(person)
            if model.state == "submitted":
                self._new_round(model)

    @rule(pk=made, who=st.integers(0, 3))
    def submit(self, pk: int, who: int) -> None:
        model, person = self.models[pk], self._person(who)
        allowed = person in self._may_write(model) and model.state in WRITABLE and len(model.value) <= 60
        if self._does(allowed, submit_submission, person, pk):
            self._new_round(model)
            if person in self.deciders:  # who may edit, too: done at once
                self._applied(model)

    @rule(pk=made, who=st.integers(0, 3))
    def share(self, pk: int, who: int) -> None:
        model = self.models[pk]
        other = self._person(who)
        asked = self._asked.setdefault(pk, set())
        if self._does(other != model.author and other not in asked, share_submission, model.author, pk, user=other):
            asked.add(other)

    @rule(pk=made, who=st.integers(0, 3), outdated=st.booleans())
    def approve(self, pk: int, who: int, outdated: bool) -> None:
        model, person = self.models[pk], self._person(who)
        allowed = (
            person in self.deciders and person not in model.writers and model.state == "submitted" and not outdated
        )
        digest = "0" * 64 if outdated else world.seen(pk)
        if self._does(allowed, approve_submission, person, pk, comment="", digest=digest):
            if model.seen == self.live[model.field]:
                self._applied(model)
            else:
                model.state = "stale"

    @rule(pk=made, who=st.integers(0, 3), comment=st.sampled_from(["", "Why"]))
    def reject(self, pk: int, who: int, comment: str) -> None:
        model, person = self.models[pk], self._person(who)
        allowed = person in self.deciders and person not in model.writers and model.state in OPEN and comment
        if self._does(bool(allowed), reject_submission, person, pk, comment=comment):
            model.state = "rejected"

    @rule(pk=made, who=st.integers(0, 3))
    def ask(self, pk: int, who: int) -> None:
        model, person = self.models[pk], self._person(who)
        allowed = (
            person in self.deciders
            and person not in model.writers
            and model.state in {"submitted", "approved", "stale", "failed"}
        )
        if self._does(allowed, request_changes, person, pk, comment="Otherwise.", fields=None):
            model.state = "changes_requested"

    @rule(pk=made, who=st.integers(0, 3))
    def withdraw(self, pk: int, who: int) -> None:
        model, person = self.models[pk], self._person(who)
        if self._does(person == model.author and model.state in OPEN | {"draft"}, withdraw_submission, person, pk):
            model.state = "withdrawn"

    @rule(pk=made, who=st.integers(0, 3))
    def rebase(self, pk: int, who: int) -> None:
        model, person = self.models[pk], self._person(who)
        free = model.field not in self._touched.get(pk, set()) or model.seen == model.value
        allowed = person in self._may_write(model) and model.state in {"submitted", "stale"} and free
        if self._does(allowed, rebase_submission, person, pk):
            self._new_round(model)

    @rule(field=st.sampled_from(FIELDS), value=st.sampled_from(["a", "b", "z"]))
    def change_what_is_live(self, field: str, value: str) -> None:
        self._lives(field, value)
        update_production(actor=self.theater.acting(), production=self.production, changes={field: value})

    @rule()
    def publish_or_withdraw(self) -> None:
        """It is another field, so it makes nothing stale."""
        action = unpublish_production if self.public else publish_production
        action(actor=self.theater.acting(), production=self.production)
        self.public = not self.public

    # --- what must hold -----------------------------------------------------------------------------------------

    @invariant()
    def everything_is_as_in_the_model(self) -> None:
        if not hasattr(self, "models"):
            return
        rows = {row.pk: row for row in Submission.objects.all()}
        assert {pk: (row.state, row.round) for pk, row in rows.items()} == {
            pk: (model.state, model.round) for pk, model in self.models.items()
        }
        live = Production.objects.get(pk=self.production.pk)
        assert {field: getattr(live, field) for field in FIELDS} == self.live
        assert (live.published_at is not None) == self.public

    # --- with what ----------------------------------------------------------------------------------------------

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[int, set[User]] = {}
        # By submission the fields that others changed since its round began.
        self._touched: dict[int, set[str]] = {}

    def _items(self, field: str, value: str) -> list[dict[str, Any]]:
        inputs = {"production": self.production.pk, "changes": {field: value}}
        return [{"action": "production.update", "inputs": inputs}]

    def _person(self, who: int) -> User:
        return [*self.authors, *self.deciders][who]

    def _may_write(self, model: Model) -> set[User]:
        (pk,) = [pk for pk, one in self.models.items() if one is model]
        return {model.author} | self._asked.get(pk, set())

    def _new_round(self, model: Model) -> None:
        (pk,) = [pk for pk, one in self.models.items() if one is model]
        model.state, model.round, model.seen = "submitted", model.round + 1, self.live[model.field]
        self._touched[pk] = set()

    def _applied(self, model: Model) -> None:
        model.state = "applied"
        self._lives(model.field, model.value)

    def _lives(self, field: str, value: str) -> None:
        if self.live[field] != value:
            for pk in self.models:
                self._touched.setdefault(pk, set()).add(field)
        self.live[field] = value

    def _does(self, allowed: bool, action: Any, person: User, pk: int, **given: Any) -> bool:
        """Does it, and sees that it is refused exactly where it should be; whether it was done."""
        refusal: DomainError | None = None
        try:
            action(actor=world.acting(person), submission=Submission.objects.get(pk=pk), **given)
        except (NotAllowed, Conflict, Invalid) as refused:
            refusal = refused
        assert allowed == (refusal is None), repr(refusal)
        event(f"{action.name} {'done' if allowed else 'refused'}")
        return allowed


@pytest.mark.django_db
def test_submissions_behave_like_their_model() -> None:
    from django.db import transaction

    class InTransaction(Submissions):
        """Every run is taken back, so that the next one finds nothing."""

        def __init__(self) -> None:
            super().__init__()
            self._atomic = transaction.atomic()
            self._atomic.__enter__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self._atomic.__exit__(None, None, None)

    run_state_machine_as_test(
        InTransaction,
        settings=settings(max_examples=12, stateful_step_count=25, suppress_health_check=list(HealthCheck)),
    )
