"""A recurrence rule as a sentence for people, in the active language: "every Tuesday and Thursday, 19:00 to 22:00"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling.rules.rrule import Rule


def in_words(
    rule: Rule,
    first: dt.date,
    start: dt.time,
    minutes: int,
    skipped: Iterable[dt.date | dt.datetime] = (),
    added: Iterable[dt.date | dt.datetime] = (),
) -> str:
    """The rule, its wall times, its end, and its exceptions.

    A rule with rare parts (BYSETPOS, BYWEEKNO, BYYEARDAY, BYHOUR, BYMINUTE) is named as "by a rule of its own".
    """
    parts = [_pattern(rule, first), _hours(start, minutes), _end(rule)]
    for template, days in ((_("not on %(days)s"), list(skipped)), (_("also on %(days)s"), list(added))):
        if days:
            parts.append(template % {"days": _listed([_day(day, first) for day in days])})
    return ", ".join(part for part in parts if part)


def _pattern(rule: Rule, first: dt.date) -> str:
    if rule.by_setpos or rule.by_weekno or rule.by_yearday or rule.by_hour or rule.by_minute or rule.freq == "HOURLY":
        return _("by a rule of its own")
    every = _every(rule)
    days = _days(rule, first)
    months = _listed([str(MONTHS[month]) for month in rule.by_month])
    if rule.freq == "WEEKLY" and rule.interval == 1:
        text = _("every %(days)s") % {"days": days}
    elif days:
        text = _("%(every)s on %(days)s") % {"every": every, "days": days}
    else:
        text = every
    return _("%(pattern)s in %(months)s") % {"pattern": text, "months": months} if months else text


def _every(rule: Rule) -> str:
    count = rule.interval
    if rule.freq == "DAILY":
        once, often = _("every day"), ngettext("every %(count)s day", "every %(count)s days", count)
    elif rule.freq == "WEEKLY":
        once, often = _("every week"), ngettext("every %(count)s week", "every %(count)s weeks", count)
    elif rule.freq == "MONTHLY":
        once, often = _("every month"), ngettext("every %(count)s month", "every %(count)s months", count)
    else:
        once, often = _("every year"), ngettext("every %(count)s year", "every %(count)s years", count)
    return once if count == 1 else often % {"count": count}


def _days(rule: Rule, first: dt.date) -> str:
    """The days of the week or month on which it takes place; those of the first day where the rule says nothing."""
    if rule.by_day:
        return _listed([_weekday(nth, day) for nth, day in rule.by_day])
    if rule.by_monthday:
        return _listed([_month_day(day) for day in rule.by_monthday])
    if rule.freq == "WEEKLY":
        return str(WEEKDAYS[first.weekday()])
    if rule.freq == "MONTHLY":
        return _month_day(first.day)
    if rule.freq == "YEARLY" and not rule.by_month:
        return date_format(first, "MONTH_DAY_FORMAT")
    return ""


def _weekday(nth: int, day: int) -> str:
    name = str(WEEKDAYS[day])
    if nth == 0:
        return name
    if nth == -1:
        return _("the last %(weekday)s") % {"weekday": name}
    if nth < 0:
        return _("%(weekday)s number %(nth)s from the end") % {"weekday": name, "nth": -nth}
    ordinals = {1: _("the first %(weekday)s"), 2: _("the second %(weekday)s"), 3: _("the third %(weekday)s")}
    ordinals |= {4: _("the fourth %(weekday)s"), 5: _("the fifth %(weekday)s")}
    return ordinals.get(nth, _("%(weekday)s number %(nth)s")) % {"weekday": name, "nth": nth}


def _month_day(day: int) -> str:
    if day == -1:
        return _("the last day of the month")
    return _("day %(day)s") % {"day": day} if day > 0 else _("day %(day)s from the end of the month") % {"day": -day}


def _hours(start: dt.time, minutes: int) -> str:
    end = (dt.datetime.combine(dt.date(2000, 1, 1), start) + dt.timedelta(minutes=minutes)).time()
    return _("%(start)s to %(end)s") % {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}


def _end(rule: Rule) -> str:
    if rule.count is not None:
        return ngettext("%(count)s time", "%(count)s times", rule.count) % {"count": rule.count}
    if rule.until is not None:
        return _("until %(day)s") % {"day": date_format(rule.until, "DATE_FORMAT")}
    return ""


def _day(day: dt.date | dt.datetime, first: dt.date) -> str:
    text = date_format(day, "MONTH_DAY_FORMAT" if day.year == first.year else "DATE_FORMAT")
    return f"{text} {day:%H:%M}" if isinstance(day, dt.datetime) else text


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
