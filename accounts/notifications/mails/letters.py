"""A letter and its reader. Every mail and notification of every app is made of these.

A letter is written by a function `(what it is about..., reader: Reader) -> Letter`, called with the reader's language
active (`for_reader`), so its texts go through gettext and its times through `reader.time`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format

from accounts.users.models.users import User
from accounts.users.rules.locales import supported, zone_of

_LONGEST_SUBJECT = 200
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")

_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")


@dataclass(frozen=True)
class Reader:
    """The reader of a letter. An unsupported language or zone is replaced by the installation's."""

    language: str
    zone: ZoneInfo
    name: str = ""

    @classmethod
    def of(cls, user: User | None) -> Reader:
        """`user` as a reader; without an account, the language and zone of the installation."""
        if user is None:
            return cls(settings.LANGUAGE_CODE, ZoneInfo(settings.DEFAULT_USER_TIME_ZONE))
        return cls(supported(user.language), zone_of(user.timezone), user.name)

    def time(self, instant: datetime) -> str:
        """The instant in the reader's wall time, with the name of the zone."""
        local = instant.astimezone(self.zone)
        return f"{date_format(local, 'DATE_FORMAT')}, {local:%H:%M} ({self.zone.key})"


@dataclass(frozen=True)
class Letter:
    """The text of a mail and a notification. The subject is always one line, so that a line break in a title adds no header."""

    subject: str
    body: str

    def __post_init__(self) -> None:
        line = " ".join(_CONTROL.sub("", self.subject).split())
        if len(line) > _LONGEST_SUBJECT:
            line = line[: _LONGEST_SUBJECT - 1].rstrip() + "…"
        object.__setattr__(self, "subject", line)
        object.__setattr__(self, "body", _CONTROL.sub("", self.body).strip() + "\n")


Make = Callable[[Reader], Letter]


def for_reader(make: Make, reader: Reader) -> Letter:
    """The letter in the reader's language; in English if there is no translation."""
    with translation.override(reader.language):
        return make(reader)


def as_html(body: str, language: str) -> str:
    """The same text as HTML: escaped, with paragraphs at empty lines and links for whole URLs."""
    parts, end = [], 0
    for link in _LINK.finditer(body):
        address = escape(link[0])
        parts += [escape(body[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    text = "".join([*parts, escape(body[end:])]).strip()
    paragraphs = "".join(f"<p>{words}</p>" for words in _EMPTY_LINES.split(text)).replace("\n", "<br>")
    return f'<!DOCTYPE html><html lang="{escape(language)}"><body>{paragraphs}</body></html>'
