"""Letters: one line of subject whatever was written, HTML that says the same and runs nothing, and every text in German."""

from __future__ import annotations

import gettext
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMessage
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.notifications.mails.letters import Letter, Reader, as_html, for_reader
from accounts.notifications.mails.signing_in import OCCASIONS, account_mail
from accounts.notifications.rules.notification_kinds import KINDS
from accounts.users.rules.locales import zone_of

ROOT = Path(__file__).resolve().parents[2]
GERMAN = ROOT / "accounts" / "locale" / "de" / "LC_MESSAGES"


@given(st.text())
def test_a_title_cannot_inject_a_header(title: str) -> None:
    letter = Letter(f"Waiting for you: {title}", "x")
    message = EmailMessage(letter.subject, letter.body, to=["ann@theater.example"]).message()
    assert set(message) == {
        "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Date", "Message-ID",
    }  # fmt: skip
    assert len(letter.subject) <= 200
    assert len(letter.subject.splitlines()) == 1


def test_a_line_break_in_a_title_is_a_space() -> None:
    assert Letter("Ham\r\nBcc: all@theater.example\x00let", "x").subject == "Ham Bcc: all@theater.examplelet"


def test_a_very_long_title_is_truncated() -> None:
    assert Letter("x" * 1_000_000, "x").subject == "x" * 199 + "…"


class _Read(HTMLParser):
    """The text that a browser shows, and every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags = "", []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@given(
    st.lists(
        st.sampled_from([*"<>&\"' \n:/.a", "http://", "https://a.example/?q=1&r=2", "javascript:", "<script>"])
    ).map("".join)
)
def test_html_has_the_same_text_and_nothing_else(words: str) -> None:
    read = _Read(as_html(Letter("", words).body, "en"))
    assert re.sub(r"\s+", "", read.text) == re.sub(r"\s+", "", words)
    assert {tag for tag, _ in read.tags} <= {"html", "body", "p", "br", "a"}
    for tag, attributes in read.tags:
        assert set(attributes) == {"a": {"href"}, "html": {"lang"}}.get(tag, set())
        assert tag != "a" or attributes["href"].startswith(("http://", "https://"))


def test_paragraphs_and_links_are_rendered() -> None:
    html = as_html("See (https://a.example/?a=1&b=2).\nThen go.\n\n\nYours", "de")
    assert html == (
        '<!DOCTYPE html><html lang="de"><body><p>See (<a href="https://a.example/?a=1&amp;b=2">'
        "https://a.example/?a=1&amp;b=2</a>).<br>Then go.</p><p>Yours</p></body></html>"
    )


def test_times_use_the_zone_and_language_of_the_reader() -> None:
    instant = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)

    def told(language: str, zone: str) -> str:
        reader = Reader(language, ZoneInfo(zone))
        return for_reader(lambda reader: Letter(reader.time(instant), "x"), reader).subject

    assert told("en", "UTC") == "March 28, 2026, 23:30 (UTC)"
    assert told("de", "Europe/Berlin") == "29. März 2026, 00:30 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("language", "zone", "read"),
    [
        ("de", "Europe/Berlin", ("de", "Europe/Berlin")),
        ("de-at", "UTC", ("de", "UTC")),
        ("tlh", "Qo/noS", ("en", "UTC")),
    ],
)
def test_unknown_languages_and_zones_fall_back(language: str, zone: str, read: tuple[str, str]) -> None:
    user = User(language=language, timezone=zone, name="Ann")
    reader = Reader.of(user)
    assert (reader.language, reader.zone.key) == read
    assert zone_of("../../etc/passwd").key == "UTC"


def test_every_text_has_a_german_translation_and_the_catalog_is_compiled() -> None:
    source = (GERMAN / "django.po").read_text(encoding="utf-8")
    entries = re.split(r"\n\n", source.strip())[1:]
    with (GERMAN / "django.mo").open("rb") as file:
        catalog = gettext.GNUTranslations(file)
    assert "#~" not in source, "no text is translated that is nowhere said"
    known = set()
    for entry in entries:
        (english,) = map(_joined, re.findall(r"^msgid (.*(?:\n\".*)*)", entry, re.MULTILINE))
        known.add(english)
        german = [_joined(text) for text in re.findall(r"^msgstr(?:\[\d\])? (.*(?:\n\".*)*)", entry, re.MULTILINE)]
        assert all(german), f"{english!r} is not translated: see .ci/messages"
        told = catalog.gettext(english) if len(german) == 1 else catalog.ngettext(english, "", 1)
        assert told == german[0], f"{english!r} is not compiled: run .ci/messages"
        holes = {tuple(sorted(re.findall(r"%\(\w+\)s|\{\w+\}", text))) for text in (english, *german)}
        assert len(holes) == 1, english
    assert {kind.title for kind in KINDS.values()} <= known


def _joined(quoted: str) -> str:
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', quoted)).replace("\\n", "\n").replace('\\"', '"')


def test_the_texts_in_the_code_are_those_of_the_catalog() -> None:
    """Every letter about signing in, whose texts are a table, is German throughout."""
    context = dict.fromkeys(("code", "password_reset_url", "from_email", "to_email", "deleted_email"), "…")
    english = {occasion: account_mail(occasion, context) for occasion in OCCASIONS}
    german = Reader("de", ZoneInfo("UTC"))
    for occasion in OCCASIONS:
        letter = for_reader(lambda reader, occasion=occasion: account_mail(occasion, context), german)
        assert letter.subject != english[occasion].subject
        shared = set(letter.body.split("\n\n")) & set(english[occasion].body.split("\n\n"))
        assert all("…" in part or part.strip() in ("Theater", "http://127.0.0.1:3000/sign-up") for part in shared), (
            shared
        )
