"""Text that people enter: folded for search, checked and cleaned before it is stored."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from theater_site.core.errors import Invalid

# Strokes and ligatures: NFKD does not separate them from their letters.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)
# Apostrophes are removed ("obrien" finds "O'Brien"). Hyphens and dashes become spaces.
_LETTERS |= {ord(sign): "" for sign in "'\u2018\u2019\u201b\u02bc\u02bb\u02b9\u2032\u00b4`\uff07\u00ad"}
_LETTERS |= {ord(sign): " " for sign in "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u30fb\u00b7"}


def fold(text: str) -> str:
    """The form of `text` that search compares: without letter case, accents, apostrophes, hyphens and repeated spaces.

    Folding happens in Python, so that both databases find the same.
    """
    # Translated before NFKD too: NFKD turns a free-standing acute accent into a space.
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS).casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.translate(_LETTERS).split())


def single_spaced(text: str) -> str:
    """`text` without surrounding and repeated spaces. Otherwise names that look equal would differ."""
    return re.sub(" +", " ", text).strip(" ")


# Control characters, line and paragraph separators, bidirectional overrides, embeddings and isolates (they reverse the rest
# of a line), and invisible spaces. The marks U+200E and U+200F and the joiners are allowed: Persian and emoji need them.
_NOT_IN_A_LINE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff"
    # Invisible letters and signs, and tags. Soft hyphens are allowed: titles contain them.
    "\u115f\u1160\u17b4\u17b5\u180e\u2061-\u2064\u206a-\u206f\u3164\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def refuse_controls(text: str, *, field: str | None = None) -> str:
    """Return `text` of one line unchanged.

    Raises: Invalid `control_character` for a line break, another control character, or a character that reverses the order
    of text.
    """
    if (found := _NOT_IN_A_LINE.search(text)) is not None:
        raise Invalid(
            f"This contains the control character U+{ord(found[0]):04X}. Write one line without it.",
            code="control_character",
            field=field,
        )
    return text


_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
# Addresses that Markdown parsers other than CommonMark may accept as links.
_ADDRESS = re.compile(r"\][ \t]*[(:]\s*<?([^)>]+)")


def refuse_unsafe_links(text: str, *, field: str | None = None) -> str:
    """Return the Markdown `text` unchanged.

    Raises: Invalid `unsafe_link` for a link or image whose scheme is not http, https, mailto or tel. Relative addresses
    are allowed.
    """
    for address in (*_addresses(_parser.parse(text)), *_ADDRESS.findall(html.unescape(text))):
        # Browsers ignore white space and control characters in a scheme.
        plain = re.sub(r"[\x00-\x20\x7f-\x9f]", "", html.unescape(unquote(address))).casefold()
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", plain)
        if scheme is not None and scheme[1] not in _SCHEMES:
            raise Invalid(
                f"A link has the scheme {scheme[1][:40]!r}. Use http, https, mailto, tel or a relative address.",
                code="unsafe_link",
                field=field,
            )
    return text


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    # By default, the parser does not report links whose addresses it considers unsafe.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


_parser = _make_parser()


def _addresses(tokens: list[Token]) -> Iterator[str]:
    """The addresses of all links and images."""
    for token in tokens:
        for name in ("href", "src"):
            if (address := token.attrGet(name)) is not None:
                yield str(address)
        yield from _addresses(token.children or [])


_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]+)>")


def clean_markdown(text: str) -> str:
    """Markdown without HTML tags, control characters and surrounding spaces, with line ends as \\n.

    Markdown allows HTML, so a page that renders it would run a script. Tags are removed before the text is stored. `&`, `<`
    and `>` that are not markup are kept; `<https://...>` becomes the bare address.

    Raises: Invalid `unsafe_link`.
    """
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = "".join(c for c in normal if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    cleaned = _AUTOLINK.sub(r"\1", cleaned)
    # Repeated, since removing one tag can join the halves of another (`<<b>script>`).
    for _ in range(10):
        if "<" not in cleaned:
            break
        bare = nh3.clean(cleaned.replace("&", "&amp;"), tags=set(), clean_content_tags={"script", "style"})
        bare = bare.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u00a0").replace("&amp;", "&")
        if bare == cleaned:
            break
        cleaned = bare
    else:
        cleaned = cleaned.replace("<", "")
    return refuse_unsafe_links(cleaned.strip())
