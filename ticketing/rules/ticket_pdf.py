"""Tickets as a PDF, one page for each, with the QR code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import cast

import segno
from fpdf import FPDF

# Latin, Greek, Cyrillic, Hebrew and Arabic letters. The fonts that every PDF reader has are limited to Western Europe.
_FONT = Path(__file__).resolve().parents[1] / "fonts" / "DejaVuSans.ttf"
_A5 = (148, 210)
_QR_MILLIMETERS = 60


@dataclass(frozen=True, slots=True)
class PrintedTicket:
    """The texts of a page. `facts` are pairs of a name and a value; `signed` is the text of the QR code."""

    title: str
    facts: Sequence[tuple[str, str]]
    code: str
    signed: str


def write(tickets: Sequence[PrintedTicket], *, made_at: datetime, language: str) -> bytes:
    """The PDF: an A5 page for each ticket. Letters that the font lacks are printed as boxes."""
    pdf = FPDF(format=_A5)
    pdf.set_auto_page_break(False)
    pdf.add_font("DejaVu", fname=_FONT)
    pdf.set_lang(language)
    pdf.set_title(tickets[0].title)
    pdf.set_creation_date(made_at)
    for ticket in tickets:
        _page(pdf, ticket)
    return bytes(pdf.output())


def _page(pdf: FPDF, ticket: PrintedTicket) -> None:
    pdf.add_page()
    _lines(pdf, ticket.title, 20, most=3)
    pdf.ln(3)
    for name, value in ticket.facts:
        pdf.set_text_color(90)
        _lines(pdf, name, 9, most=1)
        pdf.set_text_color(0)
        _lines(pdf, value, 13, most=2)
        pdf.ln(1.5)
    picture = BytesIO()
    segno.make(ticket.signed, error="m", micro=False).save(picture, kind="png", scale=8, border=4)
    # At the bottom of every page, whatever is above, so that doors find it.
    top = pdf.h - _QR_MILLIMETERS - 24
    pdf.image(picture, x=(pdf.w - _QR_MILLIMETERS) / 2, y=top, w=_QR_MILLIMETERS, alt_text=ticket.code)
    pdf.set_y(top + _QR_MILLIMETERS + 2)
    pdf.set_font("DejaVu", size=13)
    grouped = " ".join(ticket.code[start : start + 4] for start in range(0, len(ticket.code), 4))
    pdf.cell(0, 7, grouped, align="C")


def _lines(pdf: FPDF, words: str, size: float, *, most: int) -> None:
    """A paragraph of at most `most` lines. A longer text ends in an ellipsis: the page has a fixed place for the QR code."""
    pdf.set_font("DejaVu", size=size)
    height = size * 0.45

    def lines_of(text: str) -> list[str]:
        return cast("list[str]", pdf.multi_cell(0, height, text, dry_run=True, output="LINES"))

    lines = lines_of(words)
    if len(lines) > most:
        words = " ".join(lines[:most])[:-1].rstrip() + "…"
        while len(lines_of(words)) > most:
            words = words[:-2].rstrip() + "…"
    pdf.multi_cell(0, height, words, new_x="LMARGIN", new_y="NEXT", align="L")
