"""What sensitive roles give is held only in sessions that were signed in to with a second factor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.models import Role, User
from accounts.permissions.services.api_tokens import create_token
from tests import world
from tests.interfaces.test_authentication import PASSWORD, Caller, totp_code, with_authenticator

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(settings: Any) -> tuple[Any, User]:
    settings.REQUIRE_SECOND_FACTOR = True
    root, director = world.found()
    director.set_password(PASSWORD)
    director.save()
    EmailAddress.objects.filter(user=director).update(verified=True, primary=True)
    return root, director


def new_season(caller: Caller) -> Any:
    return caller.send("POST", "/api/v1/seasons/", {"name": f"Season {world.number()}"})


def signed_in(email: str, secret: str | None = None) -> Caller:
    caller = Caller()
    caller.sign_in(email)
    if secret is not None:
        cache.clear()
        caller.auth("POST", "auth/2fa/authenticate", {"code": totp_code(secret)})
    cache.clear()
    return caller


def test_the_directors_role_is_sensitive(house: tuple[Any, User]) -> None:
    assert Role.objects.get(name="director").sensitive is True
    assert Role.objects.get(name="viewer").sensitive is False


def test_a_missing_second_factor_is_an_error_with_instructions(house: tuple[Any, User]) -> None:
    _, director = house
    refused = new_season(signed_in(director.email))
    assert refused.status_code == 403
    problem = refused.json()
    assert problem["code"] == "second_factor_needed"
    assert "authenticators/totp" in problem["detail"]
    assert problem["data"]["set_up"].startswith("http")


def test_with_a_second_factor_in_this_session_all_roles_apply(house: tuple[Any, User]) -> None:
    _, director = house
    first = signed_in(director.email)
    secret = with_authenticator(first, director)
    assert new_season(first).json()["code"] == "second_factor_needed", "set up, but not used in this session"
    second = signed_in(director.email, secret)
    assert new_season(second).status_code == 201
    assert new_season(first).status_code == 403


def test_lists_contain_only_what_the_session_may_see(house: tuple[Any, User]) -> None:
    root, director = house
    draft = world.production(world.season(root, by=director), by=director)
    weak = signed_in(director.email)
    assert weak.send("GET", "/api/v1/productions/").json()["results"] == []
    assert weak.send("GET", f"/api/v1/productions/{draft.pk}/").status_code == 404
    secret = with_authenticator(weak, director)
    strong = signed_in(director.email, secret)
    assert len(strong.send("GET", "/api/v1/productions/").json()["results"]) == 1


def test_other_roles_of_the_same_user_still_apply(house: tuple[Any, User]) -> None:
    root, director = house
    other = world.give("director", root, by=director)
    world.assign("archivist", root, by=other, to=director)
    draft = world.production(world.season(root, by=director), by=director)
    weak = signed_in(director.email)
    assert weak.send("GET", f"/api/v1/productions/{draft.pk}/").status_code == 200
    assert new_season(weak).status_code == 403


def test_an_issued_session_has_no_second_factor(house: tuple[Any, User]) -> None:
    _, director = house
    refused = world.post(world.client(director), "/api/v1/seasons/", {"name": "Next"})
    assert refused.json()["code"] == "second_factor_needed"


def test_a_user_without_the_role_gets_a_permission_error(house: tuple[Any, User]) -> None:
    refused = world.post(world.client(world.user()), "/api/v1/seasons/", {"name": "Next"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_without_the_setting_no_second_factor_is_needed(house: tuple[Any, User], settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    _, director = house
    assert new_season(signed_in(director.email)).status_code == 201


def test_a_recovery_code_counts_as_second_factor(house: tuple[Any, User]) -> None:
    _, director = house
    first = signed_in(director.email)
    with_authenticator(first, director)
    code = first.auth("GET", "account/authenticators/recovery-codes").json()["data"]["unused_codes"][0]
    second = signed_in(director.email)
    second.auth("POST", "auth/2fa/authenticate", {"code": code})
    assert new_season(second).status_code == 201


def test_an_api_token_needs_no_second_factor(house: tuple[Any, User]) -> None:
    """Made where a second factor was shown; a program has none of its own, and only reads."""
    root, director = house
    draft = world.production(world.season(root, by=director), by=director)
    token = create_token(
        actor=world.acting(director), section=root, name="Website", permissions=["view_details"],
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )  # fmt: skip
    reader = Client(headers={"Authorization": f"Bearer {token.secret}"})
    assert reader.get(f"/api/v1/productions/{draft.pk}/").status_code == 200
    body = {
        "section": root.pk,
        "name": "x",
        "permissions": ["view_details"],
        "expires_at": token.expires_at.isoformat(),
    }
    assert world.post(world.client(director), "/api/v1/tokens/", body).status_code in (400, 403)
