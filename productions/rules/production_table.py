"""Productions as rows of a spreadsheet."""

from __future__ import annotations

from typing import Final

from productions.rules import life
from productions.rules.languages import language_tag
from productions.rules.partial_dates import PartialDate
from theater_site.core.tables import Column, one_of, text_up_to, texts, whole_number, write_texts


def _date(cell: str) -> str:
    return str(PartialDate.parse(cell))


def _names(name: str) -> Column:
    return Column(name, read=texts, empty=list, write=write_texts)


# Lists whose entries have several keys (partners, press, links) do not fit into cells and are left unchanged.
COLUMNS: Final = (
    Column("slug", read=text_up_to(120)),
    Column("season", read=text_up_to(100)),
    Column("title", read=text_up_to(500), required=True),
    Column("subtitle", read=text_up_to(300)),
    Column("status", read=one_of((*life.STEPS, life.CANCELED))),
    *map(_names, ("authors", "adaptors", "translators", "composers", "lyricists", "choreographers")),
    Column("billing", read=text_up_to(2_000)),
    Column("company", read=text_up_to(300)),
    _names("strands"),
    Column("genre", read=text_up_to(60)),
    Column("language", read=language_tag),
    Column("premiere", read=one_of(("world", "national", "regional", "local", "revival"))),
    Column("age_guidance", read=text_up_to(60)),
    Column("content_advisories", read=text_up_to(2_000)),
    _names("accessibility"),
    Column("running_minutes", read=whole_number(0, 24 * 60), empty=None),
    Column("intermissions", read=whole_number(0, 9), empty=None),
    Column("opens_on", read=_date),
    Column("closes_on", read=_date),
    Column("short_synopsis", read=text_up_to(500)),
    Column("synopsis", read=text_up_to(20_000)),
)
