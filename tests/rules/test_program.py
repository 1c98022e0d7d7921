"""The program as Markdown."""

from __future__ import annotations

import datetime as dt

from directory.rules.program import Bio, Block, Change, Entry, Performance, Program, SceneLine, joined, markdown, plain


def _program(**said: object) -> Program:
    given = {
        "title": "Twelfth Night", "subtitle": "or What You Will", "authors": ["William Shakespeare"], "company": "The Lantern",
        "on": dt.date(2026, 10, 9), "running_minutes": 150, "intermissions": 1, "content_advisories": "", **said,
    }  # fmt: skip
    return Program(**given)


def test_the_program_is_rendered():
    told = markdown(
        _program(
            slip=[Change("Viola", ["Ann Lee"], ["Ida Moe"], "cover"), Change("Feste", ["Bo"], ["Cy"], "replacement")],
            scenes=[SceneLine("I.1", "Orsino's palace", "Illyria", ["Come away"])],
            blocks=[
                Block("Cast", [Entry("Viola", ["Ida Moe"]), Entry("Sailors", ["A", "B", "C"], "in turn")]),
                Block("With thanks to", [Entry("", ["The Foundry"])]),
            ],
            bios=[Bio("Ida Moe", "Ida *sings*.")],
        )
    )
    assert told == (
        "# Twelfth Night\n\n*or What You Will*\n\nby William Shakespeare\n\nThe Lantern · Friday, October 9, 2026\n\n"
        "Running time 2 h 30 min, with one intermission\n\n"
        "## At this performance\n\n"
        "- **Viola** is played at this performance by **Ida Moe**, in place of Ann Lee.\n"
        "- **Feste** is now played by **Cy**, in place of Bo.\n\n"
        "## Cast\n\n- Viola: **Ida Moe**\n- Sailors: **A, B and C** (in turn)\n\n"
        "## With thanks to\n\n- **The Foundry**\n\n"
        "## Scenes\n\n- **I.1** Orsino's palace (Illyria) “Come away”\n\n"
        "## Who's who\n\n**Ida Moe**\n\nIda *sings*.\n"
    )


def test_the_heading_contains_time_and_venue():
    def heading(*performances: tuple[dt.time | None, str]) -> str:
        listed = [Performance(dt.date(2026, 10, 9), start, venue) for start, venue in performances]
        return markdown(_program(performances=listed)).split("\n")[6]

    day = "The Lantern · Friday, October 9, 2026"
    assert heading((dt.time(0, 5), "")) == f"{day} · 12:05 a.m."
    assert heading((dt.time(12), "The Foundry"), (dt.time(19, 30), "The Foundry")) == (
        f"{day} · 12:00 p.m. and 7:30 p.m., The Foundry"
    )
    assert heading((None, "The Foundry"), (dt.time(20), "The *Barn*")) == (
        f"{day} · The Foundry · 8:00 p.m., The \\*Barn\\*"
    )
    assert heading((None, "")) == day


def test_unknown_values_are_not_printed():
    bare = _program(subtitle="", authors=[], company="", on=None, running_minutes=None, intermissions=None)
    assert markdown(bare) == "# Twelfth Night\n"
    assert "2 h, without an intermission" in markdown(_program(running_minutes=120, intermissions=0))
    assert "45 min, with 2 intermissions" in markdown(_program(running_minutes=45, intermissions=2))
    assert "- **Maria** is played by **Cy**." in markdown(_program(slip=[Change("Maria", [], ["Cy"], "cover")]))


def test_every_creator_has_a_line_and_the_required_billing_follows():
    told = markdown(
        _program(
            adaptors=["Ada"], translators=["Tom", "Tim"], composers=["Mo"], lyricists=["Lyn"], choreographers=["Kay"],
            billing=["*Presented by arrangement with Foundry Plays.*"],
        )
    )  # fmt: skip
    assert (
        "by William Shakespeare\n\nAdapted by Ada\n\nTranslated by Tom and Tim\n\nMusic by Mo\n\nLyrics by Lyn\n\n"
        "Choreography by Kay\n\n*Presented by arrangement with Foundry Plays.*\n\nThe Lantern"
    ) in told


def test_names_are_escaped():
    assert plain("*Ida* [x](y)\n# <b>") == "\\*Ida\\* \\[x\\](y) \\# \\<b\\>"
    assert joined(["A"]) == "A"
    assert joined(["A", "B"]) == "A and B"
    assert joined([]) == ""
