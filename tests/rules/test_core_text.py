"""Text is folded and cleaned alike, whatever it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theater_site.core.text import clean_markdown, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [("José", "jose"), ("JOSÉ", "jose"), ("Łódź", "lodz"), ("Sørensen", "sorensen"), ("Ærø", "aero"), ("straße", "strasse"),
     ("İstanbul", "istanbul"), ("  two   words\n", "two words"), ("ﬁn", "fin"), ("Đoković", "dokovic"), ("北京", "北京")],
)  # fmt: skip
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_is_settled_at_once_for_case(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [("*fine* & good", "*fine* & good"), ("1 < 2 > 0", "1 < 2 > 0"), ("<b>bold</b>", "bold"), ("<script>x()</script>y", "y"),
     ("<<b>script>alert(1)</script>", ""), ("a\r\nb\rc", "a\nb\nc"), ("a\x00b", "ab"), ("<https://x.example/a?b=1>", "https://x.example/a?b=1"),
     ('<img src=x onerror="alert(1)">', "")],
)  # fmt: skip
def test_clean(text: str, clean: str) -> None:
    assert clean_markdown(text).startswith(clean) if clean else not re.search("<[a-z!/]", clean_markdown(text))


@given(st.text(alphabet=st.sampled_from("<>/&;abscript lt=\"'\n!-"), max_size=60))
def test_no_tag_is_left(text: str) -> None:
    clean = clean_markdown(text)
    assert not re.search(r"<[a-z/!]", clean, re.IGNORECASE)
    assert clean_markdown(clean) == clean
