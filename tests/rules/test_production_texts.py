"""Languages, links and what is listed with a production: taken in one form, refused by place and key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from productions.rules.anniversaries import ending_of
from productions.rules.entries import MOST_ENTRIES, clean_list, clean_names
from productions.rules.languages import language_tag
from productions.rules.links import clean_link
from theater_site.core.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("en", "en"), ("EN-us", "en-US"), ("zh-hant-tw", "zh-Hant-TW"), ("sr-latn", "sr-Latn"), ("es-419", "es-419"),
        ("de-1996", "de-1996"), ("sl-rozaj-biske", "sl-rozaj-biske"), ("zh-cmn-Hans", "zh-cmn-Hans"), ("gsw", "gsw"),
        ("en-x-Stage", "en-x-stage"), ("", ""),
    ],
)  # fmt: skip
def test_a_language_tag_is_stored_in_its_canonical_form(typed, kept):
    assert language_tag(typed) == kept


@pytest.mark.parametrize("typed", ["English", "e", "en_US", "en-", "de-DE-DE", "日本", "en us", "x-stage", "en-x"])
def test_an_invalid_language_tag_is_refused(typed):
    with pytest.raises(Invalid) as refused:
        language_tag(typed)
    assert (refused.value.code, refused.value.field) == ("bad_language", "language")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://Example.ORG", "https://example.org/"),
        ("https://a.example/x?id=1&utm_source=mail&fbclid=2#cast", "https://a.example/x?id=1#cast"),
        ("https://bücher.example/ż", "https://xn--bcher-kva.example/ż"),
        ("https://a.example/?q=a%20b&q=c", "https://a.example/?q=a%20b&q=c"),
    ],
)
def test_a_link_is_stored_normalized(typed, kept):
    assert clean_link(typed, field="url") == kept
    assert clean_link(kept, field="url") == kept


@pytest.mark.parametrize(
    "typed",
    [
        "http://a.example", "javascript:alert(1)", "//a.example", "a.example", "https://", "https://localhost/",
        "https://10.0.0.1/", "https://[::1]/", "https://u:p@a.example/", "https://a.example:8443/", "https://a.example/ x",
        "https://a.example/\n", 'https://a.example/"><script>', "https://a..example/", "https://a.example/" + "x" * 500,
        "https://a.example:port/", "data:text/html,x", "https://a.example\\@b.example/",
    ],
)  # fmt: skip
def test_links_other_than_public_https_are_refused(typed):
    with pytest.raises(Invalid) as refused:
        clean_link(typed, field="links.0.url")
    assert (refused.value.code, refused.value.field) == ("bad_link", "links.0.url")


@given(st.text(max_size=60))
def test_every_accepted_link_is_https(text):
    try:
        kept = clean_link(f"https://{text}", field="url")
    except Invalid:
        return
    assert kept.startswith("https://")
    assert not set(kept) & set(" \n\t\"'<>\\") - {"'"}
    assert clean_link(kept, field="url") == kept


def test_entries_are_kept_complete_and_once():
    assert clean_list("links", [{"url": "https://a.example"}, {"url": "https://A.example/", "label": " "}]) == [
        {"url": "https://a.example/", "label": ""}
    ]
    assert clean_list("quotes", [{"text": " A triumph. ", "source": "The Stage"}]) == [
        {"text": "A triumph.", "source": "The Stage", "author": "", "url": ""}
    ]
    assert clean_list("awards", [{"name": "Olivier", "year": 2024, "won": False}, {"name": "Obie"}]) == [
        {"name": "Olivier", "category": "", "year": 2024, "recipient": "", "won": False},
        {"name": "Obie", "category": "", "year": None, "recipient": "", "won": True},
    ]
    assert clean_list("authors", [" Ann ", "Bob", "Ann"]) == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("field", "entries", "faults"),
    [
        ("links", [{"url": "https://a.example"}, {"label": "x"}], {("links.1.url", "required")}),
        (
            "links",
            [{"url": "ftp://a.example", "label": "x" * 201}],
            {("links.0.url", "bad_link"), ("links.0.label", "max_length")},
        ),
        ("awards", [{"name": "", "year": 999}], {("awards.0.name", "required"), ("awards.0.year", "out_of_range")}),
        ("partners", ["Them"], {("partners.0", "not_an_object")}),
        ("authors", ["Ann", "", 5], {("authors.1", "required"), ("authors.2", "not_a_text")}),
        ("authors", "Ann", {("authors", "not_a_list")}),
        ("authors", ["A"] * (MOST_ENTRIES + 1), {("authors", "too_many")}),
    ],
)  # fmt: skip
def test_every_invalid_entry_is_reported_by_position_and_key(field, entries, faults):
    with pytest.raises(Invalid) as refused:
        clean_list(field, entries)
    found = refused.value.problems or [refused.value]
    assert {(fault.field, fault.code) for fault in found} == faults


def test_names_of_any_field_are_cleaned_alike():
    assert clean_names("venues", ["Globe", " Globe"]) == ["Globe"]


@pytest.mark.parametrize(("month", "day"), [(2, 30), (0, 1), (13, 1), (4, 31), (1, 0), (1, 10**20)])
def test_an_impossible_day_is_refused(month, day):
    with pytest.raises(Invalid):
        ending_of(month, day)
    assert ending_of(2, 29) == "-02-29"
