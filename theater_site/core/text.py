"""Text that people type: folded for search, cleaned before it is stored."""

from __future__ import annotations

import re
import unicodedata

import nh3

# NFKD takes accents off but leaves letters whose stroke or ligature is no accent; a searcher types them plain.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)


def fold(text: str) -> str:
    """The form in which texts are compared by search: without case, accents and doubled spaces, alike on every database."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.translate(_LETTERS).split())


_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]+)>")


def clean_markdown(text: str) -> str:
    """Markdown as it may be stored: no HTML, no control characters, line ends as \\n; surrounding space goes.

    Markdown passes HTML through to whoever renders it, so tags go here, once, and every reader is safe. `&`, `<` and `>`
    that are no markup stay as typed; `<https://...>` becomes the bare address.
    """
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in normal if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    kept = _AUTOLINK.sub(r"\1", kept)
    # Removing one tag can join two halves of another (`<<b>script>`), so once is not enough.
    for _ in range(10):
        if "<" not in kept:
            return kept.strip()
        bare = nh3.clean(kept.replace("&", "&amp;"), tags=set(), clean_content_tags={"script", "style"})
        bare = bare.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u00a0").replace("&amp;", "&")
        if bare == kept:
            return kept.strip()
        kept = bare
    return kept.replace("<", "").strip()
