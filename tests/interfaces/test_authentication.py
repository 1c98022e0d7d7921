"""Signing up, signing in and staying out, as a front end meets it over HTTP."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from importlib.resources import files
from logging.config import DictConfigurator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.checks import run_checks
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.notifications.mails.signing_in import OCCASIONS, account_mail
from accounts.notifications.services.outbox import deliver_due
from accounts.permissions.services.founding import found_organization
from accounts.users.models.users import User
from accounts.users.selectors.login_tokens import session_of_token, session_store
from accounts.users.services.login_tokens import (
    issue_session_token,
    revoke_all_session_tokens,
    revoke_session_token,
)
from theater_site.core.actors import System
from theater_site.core.errors import NotAllowed
from theater_site.core.logs import bind_request_id, request_id

pytestmark = pytest.mark.django_db

AUTH = "/api/auth/app/v1/"
ME = "/api/v1/me/"
PASSWORD = "stage-door-42"


class Caller:
    """A front end: it keeps the newest session token it was given, and sends it."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        self.token: str | None = None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.token is not None:
            headers.setdefault("X-Session-Token", self.token)
        data = b"" if body is None else json.dumps(body)
        response = self.client.generic(method, path, data, content_type="application/json", headers=headers)
        if path.startswith(AUTH) and response.get("Content-Type") == "application/json":
            self.token = response.json().get("meta", {}).get("session_token", self.token)
        return response

    def auth(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = self.send(method, AUTH + path, body, **headers)
        assert response.status_code < 500, response.content
        return response

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.auth("POST", "auth/login", {"email": email, "password": password})

    def me(self, **headers: str) -> Any:
        return self.send("GET", ME, **headers)


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def another() -> Caller:
    return Caller()


@pytest.fixture
def ann() -> User:
    user = User.objects.create_user("ann@example.org", PASSWORD, name="Ann Putnam")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def mailed_code() -> str:
    found = re.search(r"^    (\S+)$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    return found[1]


def mailed_key(template: str) -> str:
    start, _, end = settings.FRONTEND_URLS[template].partition("{key}")
    found = re.search(re.escape(start) + r"(\S+)" + re.escape(end), str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def totp_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_authenticator(caller: Caller, ann: User) -> str:
    """Turn the authenticator app on for Ann, who is signed in as `caller`; answers its secret."""
    secret = caller.auth("GET", "account/authenticators/totp").json()["meta"]["secret"]
    caller.auth("POST", "auth/reauthenticate", {"password": PASSWORD})
    body = {"code": totp_code(secret)}
    assert caller.auth("POST", "account/authenticators/totp", body).status_code == 200
    cache.clear()  # attempts at codes are limited by the second
    return secret


def raw_database() -> str:
    """Every text in the tables that sessions and second factors are kept in."""
    parts: list[str] = []
    with connection.cursor() as cursor:
        for table in ("django_session", "mfa_authenticator", "usersessions_usersession"):
            cursor.execute(f"SELECT * FROM {table}")
            parts.extend(str(row) for row in cursor.fetchall())
    return "\n".join(parts)


# --- Signing up ---------------------------------------------------------------------------------------------


def test_signing_up_needs_a_mailed_code_and_then_gives_access(caller: Caller) -> None:
    answer = caller.auth(
        "POST", "auth/signup", {"email": "Ann@Example.org", "password": PASSWORD, "name": "Ann Putnam"}
    )
    assert answer.status_code == 401
    assert {"id": "verify_email", "is_pending": True} in answer.json()["data"]["flows"]
    assert caller.me().status_code == 401
    assert mail.outbox[-1].to == ["ann@example.org"]

    code = mailed_code()
    wrong = caller.auth("POST", "auth/email/verify", {"key": "WRONG1"})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "incorrect_code")
    assert caller.auth("POST", "auth/email/verify", {"key": code}).status_code == 200
    answer = caller.me()
    assert answer.status_code == 200
    user = User.objects.get()
    assert answer.json().items() >= {"id": user.pk, "email": "ann@example.org", "name": "Ann Putnam"}.items()


def test_signing_up_twice_notifies_only_the_owner_of_the_address(caller: Caller, ann: User) -> None:
    answer = caller.auth("POST", "auth/signup", {"email": "ANN@example.org", "password": PASSWORD})
    fresh = Caller().auth("POST", "auth/signup", {"email": "new@example.org", "password": PASSWORD})
    assert answer.json()["data"] == fresh.json()["data"]
    assert "have an account already" in mail.outbox[0].subject
    assert settings.FRONTEND_URLS["reset_password"] in mail.outbox[0].body
    assert User.objects.filter(email="ann@example.org").count() == 1


@pytest.mark.parametrize("password", ["short-1", "1234567890", "password123", "ann@example.org"])
def test_weak_passwords_are_refused(caller: Caller, password: str) -> None:
    answer = caller.auth("POST", "auth/signup", {"email": "ann@example.org", "password": password})
    assert answer.status_code == 400
    assert {error["param"] for error in answer.json()["errors"]} == {"password"}
    assert not User.objects.exists()


def test_passwords_are_hashed_with_argon2(ann: User) -> None:
    assert ann.password.startswith("argon2")


# --- Signing in and out -------------------------------------------------------------------------------------


def test_signing_in_ignores_the_case_of_the_address(caller: Caller, ann: User) -> None:
    assert caller.sign_in("ANN@Example.ORG").status_code == 200
    assert caller.me().json()["id"] == ann.pk


@pytest.mark.parametrize(
    ("email", "password"), [("ann@example.org", "wrong-password"), ("nobody@example.org", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_response(
    caller: Caller, ann: User, email: str, password: str
) -> None:
    answer = caller.sign_in(email, password)
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == ["email_password_mismatch"]
    assert caller.token is None


def test_guessing_passwords_is_stopped_with_429(caller: Caller, another: Caller, ann: User) -> None:
    guesses = [caller.sign_in("ann@example.org", f"guess-number-{n}") for n in range(7)]
    assert guesses[0].status_code == 400
    assert guesses[-1].status_code == 429
    assert guesses[-1]["Content-Type"] == "application/problem+json"
    assert int(guesses[-1]["Retry-After"]) == guesses[-1].json()["data"]["retry_after"] > 0
    assert guesses[-1].json()["errors"][0]["code"] == "too_many_login_attempts"
    assert another.sign_in("ann@example.org").status_code == 429  # the right password does not help now


def test_signing_out_ends_this_session_only(caller: Caller, another: Caller, ann: User) -> None:
    caller.sign_in("ann@example.org")
    another.sign_in("ann@example.org")
    caller.auth("DELETE", "auth/session")
    assert caller.me().status_code == 401
    assert caller.auth("GET", "auth/session").status_code == 410
    assert another.me().status_code == 200


def test_sessions_are_listed_and_ended_from_another_device(caller: Caller, another: Caller, ann: User) -> None:
    caller.sign_in("ann@example.org")
    another.sign_in("ann@example.org")
    listed = caller.auth("GET", "auth/sessions").json()["data"]
    (other,) = [entry["id"] for entry in listed if not entry["is_current"]]
    assert caller.auth("DELETE", "auth/sessions", {"sessions": [other]}).status_code == 200
    assert (caller.me().status_code, another.me().status_code) == (200, 401)


# --- Passwords and addresses --------------------------------------------------------------------------------


def test_a_forgotten_password_is_reset_by_a_mailed_link(caller: Caller, another: Caller, ann: User) -> None:
    another.sign_in("ann@example.org")
    assert caller.auth("POST", "auth/password/request", {"email": "ann@example.org"}).status_code == 200
    key = mailed_key("reset_password_with_key")
    assert caller.auth("GET", "auth/password/reset", **{"X-Password-Reset-Key": key}).status_code == 200
    body = {"key": key, "password": "box-office-43"}
    assert caller.auth("POST", "auth/password/reset", {**body, "key": "1-wrong"}).status_code == 400
    assert caller.auth("POST", "auth/password/reset", body).status_code == 200
    assert caller.me().status_code == 200, "the reset signs in"
    assert another.me().status_code == 401, "sessions from before the reset end with it"
    fresh = Caller()
    assert fresh.sign_in("ann@example.org").status_code == 400
    assert fresh.auth("POST", "auth/password/reset", body).status_code == 400, "a link works once"
    assert fresh.sign_in("ann@example.org", "box-office-43").status_code == 200


def test_a_reset_for_an_unknown_address_notifies_only_its_owner(caller: Caller, ann: User) -> None:
    known = caller.auth("POST", "auth/password/request", {"email": "ann@example.org"})
    unknown = caller.auth("POST", "auth/password/request", {"email": "nobody@example.org"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert mail.outbox[-1].to == ["nobody@example.org"]
    assert "no account" in mail.outbox[-1].subject


def test_changing_the_password_ends_every_other_session(caller: Caller, another: Caller, ann: User) -> None:
    caller.sign_in("ann@example.org")
    another.sign_in("ann@example.org")
    old = caller.token
    body = {"current_password": PASSWORD, "new_password": "box-office-43"}
    wrong = caller.auth("POST", "account/password/change", {**body, "current_password": "not-my-password"})
    assert wrong.status_code == 400
    assert caller.auth("POST", "account/password/change", body).status_code == 200
    assert caller.token != old
    assert (caller.me().status_code, another.me().status_code) == (200, 401)
    deliver_due()
    assert mail.outbox[-1].subject.endswith("Your password was changed")


def test_changing_the_address_needs_a_code_and_notifies_the_old_address(caller: Caller, ann: User) -> None:
    caller.sign_in("ann@example.org")
    body = {"email": "putnam@example.org"}
    assert caller.auth("POST", "account/email", body).status_code == 401, "the password is asked again"
    caller.auth("POST", "auth/reauthenticate", {"password": PASSWORD})
    assert caller.auth("POST", "account/email", body).status_code == 200
    assert caller.me().json()["email"] == "ann@example.org"
    caller.auth("POST", "auth/email/verify", {"key": mailed_code()})
    assert caller.me().json()["email"] == "putnam@example.org"
    deliver_due()
    assert mail.outbox[-1].to == ["ann@example.org"]
    assert "putnam@example.org" in mail.outbox[-1].body


# --- The second factor --------------------------------------------------------------------------------------


def test_with_an_authenticator_a_password_alone_does_not_sign_in(caller: Caller, another: Caller, ann: User) -> None:
    caller.sign_in("ann@example.org")
    secret = with_authenticator(caller, ann)
    answer = another.sign_in("ann@example.org")
    assert answer.status_code == 401
    assert "mfa_authenticate" in [flow["id"] for flow in answer.json()["data"]["flows"]]
    assert another.token is not None
    assert another.me().status_code == 401
    assert another.auth("POST", "auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    assert another.auth("POST", "auth/2fa/authenticate", {"code": totp_code(secret)}).status_code == 200
    assert another.me().status_code == 200


def test_a_recovery_code_signs_in_once(caller: Caller, ann: User) -> None:
    caller.sign_in("ann@example.org")
    with_authenticator(caller, ann)
    answer = caller.auth("GET", "account/authenticators/recovery-codes")
    code = answer.json()["data"]["unused_codes"][0]
    statuses = []
    for device in (Caller(), Caller()):
        device.sign_in("ann@example.org")
        statuses.append(device.auth("POST", "auth/2fa/authenticate", {"code": code}).status_code)
        cache.clear()
    assert statuses == [200, 400]


def test_neither_secrets_nor_codes_nor_addresses_are_readable_in_the_database(caller: Caller, ann: User) -> None:
    newcomer = Caller()
    newcomer.auth("POST", "auth/signup", {"email": "new@example.org", "password": PASSWORD})
    code = mailed_code()
    caller.sign_in("ann@example.org")
    pending = caller.auth("GET", "account/authenticators/totp").json()["meta"]["secret"]
    assert pending in session_store(caller.token).load().values(), "the session holds it meanwhile"
    secrets = [code, pending, "new@example.org", "ann@example.org"]
    assert not [secret for secret in secrets if secret in raw_database()]
    secrets.append(with_authenticator(caller, ann))
    recovery = caller.auth("GET", "account/authenticators/recovery-codes").json()["data"]["unused_codes"]
    assert not [value for value in [*secrets, *recovery] if value in raw_database()]
    assert Authenticator.objects.count() == 2


# --- Tokens on the API --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "nonsense", "a" * 32, "A" * 32, "0" * 5_000, "\u00e9" * 8, "x" * 31 + "'"])
def test_missing_and_bad_tokens_are_401_and_say_how_to_sign_in(caller: Caller, token: str | None) -> None:
    caller.token = token
    answer = caller.me()
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("X-Session-Token")


def test_a_bad_token_is_401_on_public_addresses_too(caller: Caller) -> None:
    public = "/api/v1/productions/"
    assert caller.send("GET", public).status_code == 200
    caller.token = "a" * 32
    assert caller.send("GET", public).status_code == 401


def test_an_inactive_user_is_refused_with_an_old_token_and_at_sign_in(caller: Caller, ann: User) -> None:
    caller.sign_in("ann@example.org")
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert caller.me().status_code == 401
    caller.token = None
    assert caller.sign_in("ann@example.org").status_code == 401
    assert caller.me().status_code == 401


def test_authenticating_a_session_token_takes_two_queries(
    ann: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    token = issue_session_token(ann)
    with django_assert_num_queries(2):
        found = session_of_token(token)
    assert found is not None
    assert found[0] == ann


def test_an_issued_token_is_a_session_like_any_other(caller: Caller, ann: User) -> None:
    caller.token = token = issue_session_token(ann, note="the demo")
    assert caller.me().json()["id"] == ann.pk
    (entry,) = caller.auth("GET", "auth/sessions").json()["data"]
    assert (entry["user_agent"], entry["is_current"]) == ("the demo", True)
    assert revoke_session_token(token) is True
    assert caller.me().status_code == 401
    assert revoke_session_token(token) is False


def test_an_issued_token_ends_when_the_password_changes(caller: Caller, ann: User) -> None:
    caller.token = issue_session_token(ann)
    ann.set_password("box-office-43")
    ann.save()
    assert caller.me().status_code == 401


def test_ending_all_sessions_of_a_user_affects_nobody_else(caller: Caller, another: Caller, ann: User) -> None:
    bob = User.objects.create_user("bob@example.org")
    caller.token, another.token = issue_session_token(ann), issue_session_token(bob)
    issue_session_token(ann)
    assert revoke_all_session_tokens(ann) == 2
    assert (caller.me().status_code, another.me().status_code) == (401, 200)
    assert list(UserSession.objects.values_list("user", flat=True)) == [bob.pk]
    assert Session.objects.count() == 1


def test_no_token_is_issued_to_an_inactive_user(ann: User) -> None:
    ann.is_active = False
    ann.save()
    with pytest.raises(NotAllowed):
        issue_session_token(ann)
    assert not Session.objects.exists()


# --- Users --------------------------------------------------------------------------------------------------


def test_addresses_that_differ_in_case_belong_to_one_user_even_in_raw_inserts(ann: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ANN@EXAMPLE.ORG")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=" Ann@example.org")])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = 'Ann@example.org'")
    assert User.objects.get(email="aNN@example.ORG ") == ann
    assert User.objects.get_by_natural_key("ANN@example.org") == ann


def test_no_user_is_a_superuser(ann: User) -> None:
    with pytest.raises(TypeError, match=r"manage\.py found"):
        User.objects.create_superuser("root@example.org", PASSWORD)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.update(is_superuser=True)


# --- The mock -----------------------------------------------------------------------------------------------


def test_mock_authentication_reads_the_header_only_while_it_is_on(caller: Caller, ann: User, settings: Any) -> None:
    settings.MOCK_AUTHENTICATION = False
    assert caller.me(**{"X-Mock-User": "ann@example.org"}).status_code == 401
    settings.MOCK_AUTHENTICATION = True
    assert caller.me(**{"X-Mock-User": "Ann@example.org"}).json()["id"] == ann.pk
    assert caller.me(**{"X-Mock-User": "nobody@example.org"}).status_code == 401
    assert caller.me(**{"X-Mock-Role": "no_such_role"}).status_code == 401
    assert caller.me().status_code == 401
    User.objects.update(is_active=False)
    assert caller.me(**{"X-Mock-User": "ann@example.org"}).status_code == 401


def test_mock_authentication_finds_a_user_by_role(caller: Caller, ann: User, settings: Any) -> None:
    settings.MOCK_AUTHENTICATION = True
    User.objects.create_user("aaron@example.org")
    assert caller.me(**{"X-Mock-Role": "director"}).status_code == 401
    found_organization(actor=System("test"), name="Old Mill Players", director=ann)
    assert caller.me(**{"X-Mock-Role": "director"}).json()["id"] == ann.pk


def test_mock_authentication_is_off_and_refused_in_production(caller: Caller, ann: User, settings: Any) -> None:
    settings.MOCK_AUTHENTICATION = True
    assert "accounts.E001" not in [found.id for found in run_checks()]
    settings.THEATER_MODE = "production"
    assert "accounts.E001" in [found.id for found in run_checks()]
    assert caller.me(**{"X-Mock-User": "ann@example.org"}).status_code == 401


# --- What surrounds it --------------------------------------------------------------------------------------


def test_the_specification_of_the_login_endpoints_is_served(caller: Caller) -> None:
    answer = caller.send("GET", "/api/auth/openapi.json")
    assert answer.status_code == 200
    assert f"{AUTH}auth/login" in "".join(answer.json()["paths"])


def test_every_mail_that_allauth_can_send_has_a_text() -> None:
    templates = [files("allauth") / "templates" / app / "email" for app in ("account", "mfa")]
    known = {
        f"{folder.parent.name}/email/{entry.name.removesuffix('_subject.txt')}"  # type: ignore[attr-defined]
        for folder in templates
        for entry in folder.iterdir()
        if entry.name.endswith("_subject.txt")
    }
    assert known
    assert known <= OCCASIONS
    context = dict.fromkeys(("code", "password_reset_url", "from_email", "to_email", "deleted_email"), "-")
    for occasion in OCCASIONS:
        letter = account_mail(occasion, context)
        assert "\n" not in letter.subject
        assert "{" not in letter.body


def test_a_request_id_is_accepted_or_created_and_returned(caller: Caller) -> None:
    assert caller.me(**{"X-Request-ID": "front-end.42"})["X-Request-ID"] == "front-end.42"
    made = {caller.me(**{"X-Request-ID": bad})["X-Request-ID"] for bad in ("", "a b", "x" * 129, "<script>")}
    assert len(made) == 4
    assert all(re.fullmatch(r"[0-9a-f]{32}", value) for value in made)
    with bind_request_id("nightly-run") as bound:
        assert bound == request_id() == "nightly-run"
    assert request_id() == ""


@pytest.mark.parametrize("kind", ["lines", "json"])
def test_logs_contain_the_request_id_and_no_personal_data(caller: Caller, ann: User, kind: str) -> None:
    handler, lines = configured_handler(kind)
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    try:
        with bind_request_id("broken-7"):
            try:
                raise ValueError(f"{ann.email} is already taken")
            except ValueError:
                logging.getLogger("django.request").exception("Internal Server Error: /api/v1/me/")
        caller.me(**{"X-Request-ID": "refused-8"})
        caller.send("GET", f"{ME}?email=ann@example.org", **{"X-Request-ID": "refused-9"})
        caller.sign_in("ann@example.org", "wrong-password")
    finally:
        logger.removeHandler(handler)
    text = "\n".join(lines)
    for expected in ("broken-7", "refused-8", "refused-9", "ValueError", "test_authentication.py"):
        assert expected in text
    for personal in ("ann@", "wrong-password"):
        assert personal not in text


def configured_handler(kind: str) -> tuple[logging.Handler, list[str]]:
    """A handler with the filter and the formatter that the settings give to stderr, writing to a list."""
    logging_settings: Any = settings.LOGGING
    configurator = DictConfigurator({})
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Kept()
    handler.setFormatter(configurator.configure_formatter(logging_settings["formatters"][kind].copy()))
    handler.addFilter(configurator.configure_filter(logging_settings["filters"]["context"].copy()))
    return handler, lines
