"""Whatever is held about people is told by an answerer, and nothing of it is found once they are forgotten."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from accounts.approvals.services.submissions import comment_submission, draft_submission, share_submission
from accounts.models import AuditEntry, User
from accounts.permissions.selectors.sections import area
from accounts.permissions.services.api_tokens import create_token
from accounts.privacy.rules.subjects import Subject
from accounts.privacy.signals import held_about
from directory.models import Person
from directory.services.consents import give_consent
from directory.services.distinct import mark_distinct
from directory.services.merging import merge_people
from directory.services.people import update_contact, update_person
from directory.services.personal_data import erase_personal_data, export_personal_data
from productions.services.productions import update_production
from tests import world
from tests.laws.test_personal_values import found
from tests.worlds import approvals, directory, scheduling, ticketing
from theater_site.core.actors import Public
from theater_site.core.encryption import encrypt
from theater_site.core.models import ContentModel
from ticketing.services.waiting_list import join_waiting_list

pytestmark = pytest.mark.django_db

# Models that point to a user or a person, or hold personal values, and are told by no answerer: why not.
NOT_TOLD = {
    "accounts.sectiongrant": "follows from the role assignment, which is told",
    "guardian.userobjectpermission": "guardian's generic rows, of which none is ever written",
}


def people_in(model: type[models.Model]) -> bool:
    """Whether rows of `model` are about people: by a personal value, or a link to an account or to the directory."""
    personal = issubclass(model, ContentModel) and bool(model.personal)
    user = apps.get_model(settings.AUTH_USER_MODEL)
    links = [
        f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey) and f.related_model in (user, Person)
    ]
    encrypted = [f for f in model._meta.concrete_fields if type(f).__name__.startswith("Encrypted")]
    return model in (user, Person) or personal or bool(links) or bool(encrypted)


def test_every_model_about_people_is_covered_by_the_export() -> None:
    told = held_about.ask(subject=Subject()).keys()
    about = {model._meta.label_lower for model in apps.get_models() if people_in(model)}
    assert about - told - NOT_TOLD.keys() == set(), "answer held_about for these, or say here why not"
    assert told - about == set(), "what is told is about people"
    assert about >= NOT_TOLD.keys(), "every exception is still needed"
    assert not told & NOT_TOLD.keys()


def test_the_export_of_an_unknown_person_is_empty() -> None:
    root, director = world.found()
    world.give("viewer", root, by=director)
    directory.person(by=director, name="Somebody")
    told = held_about.ask(subject=Subject())
    assert {label: rows for label, rows in told.items() if rows} == {}


# Each is found in no other text.
NAME, SORTED, PRONOUNS, BIO = "Zebedee Quillfeather", "Quillfeather, Zebedee", "zey/zem", "Biographybird"
MAIL, CONTACT, PHONE = "zq.account@home.example", "zq.contact@home.example", "+44 20 7946 0991"
ALIAS, CONSENT, REASON, TITLE = "Aliasotter", "Consentcrow", "Reasonraven", "Titletern"
BUYER, REMARK, AWAY, CLASSES = "Buyerbuzzard Quill", "Remarkrobin", "Awayavocet", "Classescormorant"
DOUBLE, OTHER_ALIAS, OTHER_BIO = "Zeb Quillfeather-Wren", "Doubledove", "Biobittern"
PLANTED = (
    DOUBLE,
    OTHER_ALIAS,
    OTHER_BIO,
    NAME,
    SORTED,
    PRONOUNS,
    BIO,
    MAIL,
    CONTACT,
    PHONE,
    ALIAS,
    CONSENT,
    REASON,
    TITLE,
    BUYER,
    REMARK,
    AWAY,
    CLASSES,
)


class Zebedee:
    """Somebody about whom something is held everywhere."""

    def __init__(self) -> None:
        self.root, self.director, self.performance, self.seats, _ = ticketing.house(rows=1, seats=4)
        by = world.acting(self.director)
        self.user = User.objects.create_user(MAIL, name=NAME)
        EmailAddress.objects.create(user=self.user, email=MAIL, verified=True, primary=True)
        world.assign("marketing_coordinator", self.root, by=self.director, to=self.user, reason=REASON)
        self.person = directory.person(
            by=self.director, published=True, user=self.user, name=NAME, sort_name=SORTED, pronouns=PRONOUNS, bio=BIO
        )
        update_contact(actor=by, person=self.person, changes={"email": CONTACT, "phone": PHONE})
        directory.alias(self.person, ALIAS, by=self.director, internal=True)
        double = directory.person(by=self.director, name=DOUBLE, bio=OTHER_BIO)
        for name in (ALIAS, OTHER_ALIAS):
            directory.alias(double, name, by=self.director)
        mark_distinct(actor=by, person=self.person, other=directory.person(by=self.director))
        merge_people(
            actor=by,
            survivor=self.person,
            duplicate=double.pk,
            duplicate_version=None,
            take=[],
            keep_credited_name=False,
        )
        self.person.refresh_from_db()
        give_consent(actor=by, person=self.person, purpose="photo", note=CONSENT)
        self.play = self.performance.production
        directory.credit(self.play, self.person, "Puck", by=self.director)
        days = {"first_date": dt.date(2028, 3, 1), "last_date": dt.date(2028, 3, 9)}
        scheduling.unavailability(self.person, by=self.director, reason=CLASSES, **days)
        scheduling.called(self.performance, self.person, by=self.director)
        # Somebody else submits something about them, and it waits.
        proposer = world.give("company_member", area("Directory"), by=self.director)
        update_person.submit(actor=world.acting(proposer), person=self.person, changes={"sort_name": f"{NAME}, Mr"})
        self.submission = update_production.submit(
            actor=world.acting(self.user), production=self.play, changes={"title": TITLE}
        ).submission
        comment_submission(actor=world.acting(self.user), submission=self.submission, text=REMARK, field=None)
        draft = draft_submission(actor=by, fields={"title": "A plan"})
        share_submission(actor=by, submission=draft, user=self.user)
        approvals.substitute(self.director, self.user, self.root, reason=AWAY)
        approvals.waiver(self.play, by=self.director, reason=f"{NAME} asked for it.")
        self.browser = world.client(self.user)
        self.browser.get("/api/v1/me/")
        world.patch(self.browser, "/api/v1/me/notification-preferences/", {"digest_at": "07:00"})
        Authenticator.objects.create(user=self.user, type="totp", data={"secret": encrypt("x")})
        held = ticketing.hold(self.performance, self.seats[:2])
        self.order = ticketing.order(held, paid_to=self.director, buyer_name=BUYER, buyer_email=MAIL)
        ticketing.order(ticketing.hold(self.performance, self.seats[2:]), buyer_name="Bea Other")
        join_waiting_list(actor=Public(), performance=self.performance, name=BUYER, email=MAIL, places=2)
        # An answer that is kept for its repetition.
        browser = world.client(self.director)
        world.post(browser, f"/api/v1/people/{self.person.pk}/unpublish/", {}, **{"Idempotency-Key": "again"})

    def named(self) -> dict[str, Any]:
        return {
            "organization": self.root,
            "directory": area("Directory"),
            "user": self.user,
            "person": None,
            "email": None,
        }

    def erase(self, **given: Any) -> Any:
        inputs = {**self.named(), "keep_public_credits": False, **given}
        return erase_personal_data(actor=world.acting(self.director), **inputs)


def raw() -> str:
    """Everything that the database holds, decrypted wherever one of the keys reads it."""
    from theater_site.core.encryption import Undecryptable, decrypt

    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    text = str(value)
                    texts.append(text)
                    if text.startswith("gAAAA"):
                        try:
                            texts.append(decrypt(text))
                        except Undecryptable:
                            pytest.fail(f"{table} holds what no key reads")
    return "\n".join(texts).casefold()


def readable() -> set[str]:
    whole = raw()
    return {text for text in PLANTED if text.casefold() in whole}


def test_the_export_contains_every_planted_value() -> None:
    zebedee = Zebedee()
    data = export_personal_data(actor=world.acting(zebedee.director), **zebedee.named())
    text = repr(data.document())
    assert [value for value in PLANTED if value not in text] == []
    empty = {label for label, rows in data.held.items() if not rows}
    assert empty <= {
        "accounts.agreement", "accounts.apitoken", "accounts.invitation", "accounts.waiting", "accounts.waiver",
        "media_library.depiction", "media_library.stagedfile",
        "ticketing.checkin",
    }  # fmt: skip
    assert "Bea Other" not in text
    entry = AuditEntry.objects.get(action="personal_data.export")
    assert entry.note == {"subject": {"user": zebedee.user.pk, "people": [zebedee.person.pk]}}


@pytest.mark.parametrize("by", ["user", "person", "email"])
def test_nothing_about_an_erased_person_can_be_read(by: str, caplog: pytest.LogCaptureFixture) -> None:
    """Raw or decrypted, in any table; nor is it logged."""
    caplog.set_level(logging.DEBUG)
    zebedee = Zebedee()
    assert readable() >= set(PLANTED), "the search finds what is there"
    named = {"user": None, by: {"user": zebedee.user, "person": zebedee.person, "email": MAIL.upper()}[by]}
    done = zebedee.erase(**named)
    assert (done.user, done.people) == (zebedee.user.pk, [zebedee.person.pk])
    assert readable() == set()
    for text in PLANTED:
        assert found(text) == set()
        assert not [record for record in caplog.records if text in f"{record.getMessage()} {record.args}"], text


def test_erasure_keeps_what_others_need() -> None:
    zebedee = Zebedee()
    before = zebedee.order
    zebedee.erase()
    order = type(before).objects.get(pk=before.pk)
    assert (order.total_minor, order.state, order.reference) == (before.total_minor, "paid", before.reference)
    assert order.lines.count() == 2
    assert (order.buyer_name, order.buyer_email) == ("Name withheld", f"erased-{order.pk}@erased.invalid")
    person = Person.objects.get(pk=zebedee.person.pk)
    assert (person.name, person.email, person.user, person.published_at) == ("Name withheld", "", None, None)
    credits = world.client().get(f"/api/v1/credits/?production={zebedee.play.pk}").json()["results"]
    assert [credit["role"] for credit in credits] == ["Puck"]
    user = User.objects.get(pk=zebedee.user.pk)
    assert (user.is_active, user.name, user.email) == (False, "", f"erased-{user.pk}@erased.invalid")
    assert not user.has_usable_password()
    assert zebedee.browser.get("/api/v1/me/").status_code == 401
    assert "Bea Other".casefold() in raw()
    # That they acted, when and by which action, the log goes on to say.
    assert AuditEntry.objects.filter(actor_id=user.pk).exists()


def test_erasure_can_keep_a_printed_name() -> None:
    zebedee = Zebedee()
    zebedee.erase(keep_public_credits=True)
    person = Person.objects.get(pk=zebedee.person.pk)
    assert (person.name, person.bio, person.phone, person.published_at) == (NAME, "", "", None)
    assert readable() <= {NAME, SORTED}


def test_the_audit_entry_of_an_erasure_has_no_values() -> None:
    zebedee = Zebedee()
    zebedee.erase()
    entry = AuditEntry.objects.get(action="personal_data.erase")
    changes = entry.changes.all()
    assert {change.object_type for change in changes} >= {"directory.person", "ticketing.order", "accounts.submission"}
    assert not [change for change in changes if hasattr(change, "value")]
    assert entry.note["subject"]["user"] == zebedee.user.pk


def test_erasure_revokes_the_persons_api_tokens() -> None:
    from datetime import UTC, datetime, timedelta

    zebedee = Zebedee()
    lead = world.give("director", zebedee.play.section, by=zebedee.director)
    token = create_token(
        actor=world.acting(lead), section=zebedee.play.section, name="Site", permissions=[],
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )  # fmt: skip
    zebedee.erase(user=lead)
    token.refresh_from_db()
    assert token.revoked_at is not None
