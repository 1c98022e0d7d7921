"""Text is folded and cleaned alike, whatever it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theater_site.core.errors import Invalid
from theater_site.core.text import clean_markdown, fold, refuse_controls


@pytest.mark.parametrize(
    ("text", "folded"),
    [("José", "jose"), ("JOSÉ", "jose"), ("Łódź", "lodz"), ("Sørensen", "sorensen"), ("Ærø", "aero"), ("straße", "strasse"),
     ("İstanbul", "istanbul"), ("  two   words\n", "two words"), ("ﬁn", "fin"), ("Đoković", "dokovic"), ("北京", "北京")],
)  # fmt: skip
def test_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [("*fine* & good", "*fine* & good"), ("1 < 2 > 0", "1 < 2 > 0"), ("<b>bold</b>", "bold"), ("<script>x()</script>y", "y"),
     ("<<b>script>alert(1)</script>", ""), ("a\r\nb\rc", "a\nb\nc"), ("a\x00b", "ab"), ("<https://x.example/a?b=1>", "https://x.example/a?b=1"),
     ('<img src=x onerror="alert(1)">', "")],
)  # fmt: skip
def test_text_is_cleaned(text: str, clean: str) -> None:
    assert clean_markdown(text).startswith(clean) if clean else not re.search("<[a-z!/]", clean_markdown(text))


@given(st.text(alphabet=st.sampled_from("<>/&;abscript lt=\"'\n!-"), max_size=60))
def test_no_tag_remains_after_cleaning(text: str) -> None:
    clean = clean_markdown(text)
    assert not re.search(r"<[a-z/!]", clean, re.IGNORECASE)
    assert clean_markdown(clean) == clean


@pytest.mark.parametrize(
    ("text", "searches"),
    [("O’Brien-Smith", ["o'brien", "obrien", "OʼBRIEN", "brien smith", "o`brien-smith"]),
     ("Jean‐Luc Picard", ["jean-luc", "jean luc", "Jean–Luc"]), ("d'Artagnan", ["dartagnan", "d’artagnan"])],
)  # fmt: skip
def test_apostrophes_and_hyphens_are_ignored_in_comparisons(text: str, searches: list[str]) -> None:
    for search in searches:
        assert all(word in fold(text) for word in fold(search).split()), search


@pytest.mark.parametrize(
    "text",
    ["[x](javascript:alert(1))", "![y](data:text/html;base64,AA)", "[x]( JaVaScRiPt:alert(1))", "[x](java&#115;cript:alert(1))",
     "[x](java&Tab;script:alert(1))", "[x](< javascript:alert(1)>)", "[x][1]\n\n[1]: javascript:alert(1)",
     "![x][1]\n\n[1]: vbscript:x",
     "[x](java%73cript:alert(1))", "[x](java\tscript:alert(1))", "[x](file:///etc/passwd)", "[a [b](javascript:x)](https://x.example)",
     "> - [x](javascript:alert(1))", "[x](javascript&colon;alert(1))"],
)  # fmt: skip
def test_live_links_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_markdown(text)
    assert refusal.value.code == "unsafe_link"


@pytest.mark.parametrize(
    "text",
    ["[x](https://x.example/a:b)", "[x](mailto:ann@x.example)", "[x](tel:+441234)", "[x](/seasons/1)", "[x](#top)",
     "[x](page?a=b:c)",
     "Act 2: javascript: a play about the web", "![y](/media/1.jpg)", "note: 19:30 [sic]: fine", "[x](HTTP://x.example)"],
)  # fmt: skip
def test_ordinary_links_are_kept(text: str) -> None:
    assert clean_markdown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "A\r\nEND:VEVENT",
        "a\nb",
        "a\tb",
        "a\x00b",
        "a\x85b",
        "a\u2028b",
        "evil\u202egpj.exe",
        "a\u2066b",
        "\ufeffa",
        "a\u200bb",
    ],
)
def test_a_single_line_refuses_control_characters(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        refuse_controls(text, field="title")
    assert (refusal.value.code, refusal.value.field) == ("control_character", "title")


@pytest.mark.parametrize("text", ["שלום", "مرحبا\u200f (Bob)", "می\u200cخواهم", "👩\u200d🚀", "naïve — “quoted”", ""])
def test_text_of_every_script_is_kept(text: str) -> None:
    assert refuse_controls(text) == text
