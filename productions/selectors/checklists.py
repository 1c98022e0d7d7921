"""The checklist of a production for the steps ahead."""

from __future__ import annotations

from productions.models import Production
from productions.rules import life
from productions.rules.checklists import Line
from productions.signals import checklist_lines


def missing_before(production: Production, step: str) -> list[Line]:
    """Return the missing required lines before `step`."""
    return [line for line in checklist_of(production, before=step, required=True) if line.missing]


def checklist_of(production: Production, *, before: str | None = None, required: bool = False) -> list[Line]:
    """Return the lines before every step ahead (or only `before`), in the order of the steps: those of productions, then
    those of the apps above. For archived productions: how complete the record is. With `required`, at least the required."""
    # A canceled production may still be archived; an archived one is always reported on.
    over = production.status in (life.CANCELED, life.ARCHIVED)
    steps = (life.ARCHIVED,) if over else life.steps_ahead(production.status)
    if before is not None:
        steps = tuple(step for step in steps if step == before)
    if not steps:
        return []
    above = checklist_lines.ask(productions=[production.pk], steps=list(steps), required=required).get(
        production.pk, []
    )
    lines = [line for line in (*_own_lines(production), *above) if line.step in steps]
    return sorted(lines, key=lambda line: steps.index(line.step))


def _own_lines(production: Production) -> list[Line]:
    def line(step: str, code: str, label: str, done: object, *, required: bool = False) -> Line:
        return Line(step, "productions", code, label, bool(done), required)

    public = production.published_at is not None
    return [
        line(life.PLANNED, "opens_on", "An opening date, however rough", production.opens_on),
        line(life.PLANNED, "authors", "Who wrote it", production.authors),
        line(life.ANNOUNCED, "short_synopsis", "A short synopsis", production.short_synopsis),
        line(life.ANNOUNCED, "opens_on", "An opening date, however rough", production.opens_on),
        line(life.ANNOUNCED, "age_guidance", "For which age it is", production.age_guidance),
        line(life.ON_SALE, "public", "It is public", public, required=True),
        line(life.ON_SALE, "running_minutes", "How long it runs", production.running_minutes),
        line(life.ON_SALE, "content_advisories", "Content advisories", production.content_advisories),
        line(life.RUNNING, "public", "It is public", public, required=True),
        line(life.RUNNING, "accessibility", "Which performances are accessible to whom", production.accessibility),
        line(life.CLOSED, "closes_on", "A closing date", production.closes_on),
        line(life.ARCHIVED, "authors", "Who wrote it", production.authors),
        line(life.ARCHIVED, "opens_on", "When it opened", production.opens_on),
        line(life.ARCHIVED, "closes_on", "When it closed", production.closes_on),
        line(life.ARCHIVED, "synopsis", "A synopsis", production.synopsis),
        line(life.ARCHIVED, "running_minutes", "How long it ran", production.running_minutes),
        line(life.ARCHIVED, "quotes", "What the press wrote", production.quotes),
    ]
