"""`manage.py explain EMAIL PERMISSION SECTION` and `manage.py explain --who SECTION`: who may do what, and why."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Section, User
from accounts.permissions.selectors.explain import Explanation, Ground, Member, explain, instant_asked, members, who
from theater_site.core.errors import DomainError


class Command(BaseCommand):
    help = "Tell whether somebody may do something in a section, why, until when and through whom; or who may do what there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "asked", nargs="*", metavar="EMAIL PERMISSION SECTION", help="whose permission, which one, where (an id)"
        )
        parser.add_argument(
            "--who", type=int, metavar="SECTION", help="list everybody who holds anything in this section"
        )
        parser.add_argument(
            "--at", default=None, help="at this instant, not in the past (ISO 8601 with an offset), by today's grants"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, asked: list[str], who: int | None, at: str | None, **options: Any) -> None:
        when = _instant(at)
        if (who is None) == (not asked) or (asked and len(asked) != 3):
            raise CommandError("Ask for EMAIL PERMISSION SECTION, or for --who SECTION.")
        if who is not None:
            told: Any = _members(_section(str(who)), when)
            lines = [line for member in told for line in _lines_of_member(member)] or ["Nobody holds anything here."]
            data: Any = [_data_of_member(member) for member in told]
        else:
            email, permission, section = asked
            user = User.objects.filter(email=email).first()
            if user is None:
                raise CommandError(f"Nobody has an account with the address {email!r}.")
            try:
                told = explain(user, permission, _section(section), when)
            except DomainError as error:
                raise CommandError(error.message) from error
            lines, data = _lines_of(told), _data_of(told)
        self.stdout.write(json.dumps(data, default=str) if options["json"] else "\n".join(lines))


def _instant(text: str | None) -> datetime:
    if text is None:
        return instant_asked(None)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is not an instant. Write it as 2027-06-30T22:00+02:00.") from error
    if at.tzinfo is None:
        raise CommandError(f"{text!r} lacks an offset from UTC. Write it as 2027-06-30T22:00+02:00.")
    try:
        return instant_asked(at)
    except DomainError as error:
        raise CommandError(error.message) from error


def _section(number: str) -> Section:
    found = (
        Section.objects.filter(pk=number).first()
        if number.isascii() and number.isdigit() and len(number) < 19
        else None
    )
    if found is None:
        named = list(Section.objects.filter(name__iexact=number)[:2])
        found = named[0] if len(named) == 1 else None
    if found is None:
        known = Section.objects.order_by("path")[:40]
        listed = "".join(f"\n  {row.pk}  {row.name} ({row.kind})" for row in known)
        raise CommandError(f"There is no section {number!r}. Give the id or the name of one of these:{listed}")
    return found


def _members(section: Section, at: datetime) -> list[Member]:
    return who(section, at, members(section, at).order_by("pk"))


def _until(at: datetime | None) -> str:
    return "without an end" if at is None else f"until {at:%Y-%m-%d %H:%M:%S %Z}"


def _lines_of(told: Explanation) -> list[str]:
    if not told.allowed:
        since = f" (from {told.begins_at:%Y-%m-%d %H:%M %Z})" if told.missing == "not_yet" and told.begins_at else ""
        since = f" (since {told.ended_at:%Y-%m-%d %H:%M %Z})" if told.missing == "over" and told.ended_at else since
        return [f"No: {told.user.email} may not {told.permission} in {told.section.name}: {told.missing}{since}."]
    lines = [f"Yes: {told.user.email} may {told.permission} in {told.section.name}, {_until(told.until)}."]
    for ground in told.grounds:
        place = f"inherited from {ground.section.name}" if ground.inherited else f"held on {ground.section.name}"
        lines.append(f"  as {ground.role or 'themselves'}, {place}, {_until(ground.grant.ends_at)}")
        lines += [f"    passed on by {link.user.email} ({link.role}, {link.section.name})" for link in ground.chain]
    return lines


def _lines_of_member(member: Member) -> list[str]:
    lines = [member.user.email]
    for each in member.through:
        place = f"inherited from {each.section.name}" if each.inherited else "held here"
        role = each.assignment.role.title if each.assignment is not None else "themselves"
        lines.append(f"  {role}, {place}, {_until(each.ends_at)}: {', '.join(each.permissions)}")
    return lines


def _data_of(told: Explanation) -> dict[str, Any]:
    return {
        "user": told.user.email,
        "permission": told.permission,
        "section": told.section.pk,
        "at": told.at.isoformat(),
        "allowed": told.allowed,
        "until": _text(told.until),
        "missing": told.missing,
        "begins_at": _text(told.begins_at),
        "ended_at": _text(told.ended_at),
        "grounds": [_data_of_ground(ground) for ground in told.grounds],
    }


def _data_of_ground(ground: Ground) -> dict[str, Any]:
    return {
        "assignment": ground.assignment.pk if ground.assignment is not None else None,
        "role": ground.role,
        "section": ground.section.pk,
        "inherited": ground.inherited,
        "starts_at": _text(ground.grant.starts_at),
        "ends_at": _text(ground.grant.ends_at),
        "chain": [{"user": link.user.email, "role": link.role, "section": link.section.pk} for link in ground.chain],
    }


def _data_of_member(member: Member) -> dict[str, Any]:
    through = [
        {
            "assignment": each.assignment.pk if each.assignment is not None else None,
            "section": each.section.pk,
            "inherited": each.inherited,
            "starts_at": _text(each.starts_at),
            "ends_at": _text(each.ends_at),
            "second_factor": each.second_factor,
            "permissions": each.permissions,
        }
        for each in member.through
    ]
    return {"user": member.user.email, "permissions": member.permissions, "through": through}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
