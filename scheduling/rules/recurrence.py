"""Recurrence: one RFC 5545 RRULE (`scheduling.rules.rrule`), expanded in wall time.

The rule is only the RRULE. The start, its zone, skipped dates (EXDATE) and added dates (RDATE) are separate values,
so that no library converts a wall time to UTC. Two entry points:

* `occurrences` is the standard: it expands any rule of FREQ YEARLY to HOURLY, also an endless one within a window
  or a limit. It reads other calendars.
* `validate` and `expand` add this calendar's limits for what it stores. Every occurrence becomes a
  row with calls and tickets, so a rule must end (COUNT or UNTIL), give at most
  `MAX_OCCURRENCES` within `MAX_YEARS`, and repeat at most daily (several times a day is BYHOUR).

Both raise Invalid (field `rrule`) for a rule that its own start does not match: RFC 5545 section 3.8.5.3
leaves its meaning undefined, and expanders differ. The codes are `rrule_malformed`, `rrule_start_mismatch`,
`rrule_too_often`, `rrule_endless`, `rrule_too_many`, `rrule_ambiguous` and `rrule_unsupported`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduling.rules.rrule import Rule, is_instant, parse, refused
from scheduling.rules.wall_time import to_utc, to_wall
from theater_site.core.errors import Invalid

__all__ = ["MAX_OCCURRENCES", "MAX_YEARS", "Rule", "Start", "expand", "occurrences", "parse", "validate"]

MAX_OCCURRENCES = 2_000
MAX_YEARS = 50
# BYSETPOS needs the whole set of a period at once; only an attack would use larger sets.
_MAX_SET = 100_000
# Zones are at most 14 hours from UTC, and the longest clock change skipped a whole day (Samoa, 2011): wall times
# and instants that are further apart than this always compare alike.
_SLACK = dt.timedelta(hours=48)


class Start(NamedTuple):
    """One occurrence: the wall time that identifies it (naive, as in the rule) and its instant (aware, UTC).

    In an hour that a clock change skips, `wall` keeps the skipped time: a skipped date refers to
    it.
    """

    wall: dt.datetime
    utc: dt.datetime


def validate(rrule: str, zone: ZoneInfo | None = None) -> str:
    """Return the normal form of a rule that this calendar can store, or raise Invalid (field `rrule`).

    In the normal form UNTIL is always an instant in UTC, as RFC 5545 requires for a start with a zone; a
    wall UNTIL is read in `zone` (a date includes that day), and is an error without a zone. `expand` checks
    whether the rule fits its start and the limits, since that needs the start.
    """
    rule = parse(rrule)
    if rule.freq == "HOURLY":
        raise refused("rrule_too_often", "An event repeats at most daily. For several times a day use BYHOUR.")
    if rule.by_second:
        raise refused("rrule_too_often", "Events start on the minute. Leave BYSECOND out.")
    if rule.count is None and rule.until is None:
        raise refused("rrule_endless", "The rule never ends. Add COUNT or UNTIL.")
    if rule.count is not None and rule.count > MAX_OCCURRENCES:
        raise _too_many()
    if rule.by_weekno and not rule.by_day:
        raise refused("rrule_ambiguous", "Programs differ on BYWEEKNO without BYDAY: give the weekday with BYDAY.")
    if min(rule.by_monthday, default=0) < -4:
        # The standard allows -31 to -1, but the field that stores the rule fails to save most of these.
        raise refused("rrule_unsupported", "BYMONTHDAY counts back at most 4 days. Count from the first instead.")
    if rule.until is not None and not is_instant(rule.until):
        if zone is None:
            raise refused("rrule_ambiguous", "UNTIL is a wall time without a zone. Give it in UTC, ending in Z.")
        rule = replace(rule, until=rule.until_in(zone))
    return str(rule)


def expand(
    rrule: str,
    start_date: dt.date,
    start_time: dt.time,
    zone: ZoneInfo,
    skipped: Iterable[dt.date | dt.datetime] = (),
    added: Iterable[dt.datetime] = (),
    *,
    since: dt.datetime | None = None,
    before: dt.datetime | None = None,
) -> list[Start]:
    """Return every occurrence of an event series that this calendar stores, in order of time.

    `skipped` has wall times that the rule gives, or dates for a whole day. A time that the rule does not give
    is Invalid (field `skipped`): if it were ignored, a canceled occurrence would stay. `added` has
    wall times. The window is half open, `since <= utc < before`, and limits what is returned,
    not what is checked. Raises: `rrule_too_many` for more than `MAX_OCCURRENCES`, before skipping, or any later than
    `MAX_YEARS` after the start.
    """
    skipped, added = list(skipped), list(added)
    rule = parse(validate(rrule, zone))
    start = dt.datetime.combine(start_date, start_time)
    _refuse_aware([start], "start")
    _refuse_aware(added, "added")
    last = dt.date(min(start.year + MAX_YEARS, 9998), start.month, 28)
    given = list(itertools.islice(_wall_times(rule, start, zone, last), MAX_OCCURRENCES + 1))
    if (until := rule.until_in(zone)) is not None:
        too_far = to_wall(until, zone).date() > last
    else:
        too_far = given[-1].date() > last or len(given) < (rule.count or 0)
    if too_far and len(given) <= MAX_OCCURRENCES:
        raise refused("rrule_too_many", f"The rule is longer than {MAX_YEARS} years. End it earlier.")
    if len({*given, *added}) > MAX_OCCURRENCES:
        raise _too_many()
    known = {*given, *added, *(wall.date() for wall in (*given, *added))}
    for skip in skipped:
        if skip not in known:
            raise Invalid(
                f"The rule has no occurrence on {skip} to skip. Correct or remove this date.",
                code="nothing_to_skip",
                field="skipped",
            )
    starts = _starts([*given, *added], zone, set(skipped))
    return [
        start for start in starts if (since is None or start.utc >= since) and (before is None or start.utc < before)
    ]


def occurrences(
    rrule: str | None,
    start: dt.datetime,
    zone: ZoneInfo,
    *,
    skipped: Iterable[dt.date | dt.datetime] = (),
    added: Iterable[dt.datetime] = (),
    moved: Mapping[dt.datetime, dt.datetime] | None = None,
    since: dt.datetime | None = None,
    before: dt.datetime | None = None,
    limit: int | None = None,
) -> list[Start]:
    """Return the first `limit` occurrences with `since <= utc < before`, by RFC 5545.

    `start`, `skipped` and `added` are wall times in `zone` (a date skips the whole day); `rrule` None means an
    event without recurrence. `moved` maps the original instant of an occurrence (RECURRENCE-ID) to its new
    one, which decides whether it is in the window. A skipped time that is never reached is ignored, by the
    standard. An endless rule needs `before` or `limit`, else Invalid (code `rrule_endless`).
    """
    added, moved, skips = list(added), dict(moved or {}), set(skipped)
    _refuse_aware([start], "start")
    _refuse_aware(added, "added")
    rule = parse(rrule) if rrule is not None else Rule("DAILY", count=1)
    if rule.count is None and rule.until is None and before is None and limit is None:
        raise refused("rrule_endless", "The rule never ends. Give a window or a number of occurrences.")
    last = dt.date.max
    if before is not None:
        # An occurrence moved into the window may come from after it.
        last_instant = max([before, *moved])
        last = (last_instant.astimezone(dt.UTC).replace(tzinfo=None) + _SLACK).date()
    walls: list[dt.datetime] = []
    counted = 0
    enough: dt.datetime | None = None
    for wall in _wall_times(rule, start, zone, last):
        if wall.date() > last or (enough is not None and wall > enough):
            break
        walls.append(wall)
        if limit is not None and enough is None and not _is_skipped(wall, skips):
            counted += since is None or to_utc(wall.date(), wall.time(), zone) >= since
            if counted >= limit + len(moved):
                # A skipped hour moves its times after later ones, so read on past any clock
                # change.
                enough = wall + _SLACK
    found = [Start(item.wall, moved.get(item.utc, item.utc)) for item in _starts([*walls, *added], zone, skips)]
    found = [item for item in found if (since is None or item.utc >= since) and (before is None or item.utc < before)]
    return sorted(found, key=lambda item: item.utc)[:limit]


def _wall_times(rule: Rule, start: dt.datetime, zone: ZoneInfo, last: dt.date) -> Iterator[dt.datetime]:
    """Yield the rule's wall times from `start` on, in wall order, with COUNT and UNTIL applied. Reads no further than
    the period that contains `last`, and may yield times after `last` within it. Raises Invalid unless `start` is
    the first."""
    until = rule.until_in(zone)
    passed = to_wall(until, zone) + _SLACK if until is not None and until.year < 9999 else None
    if until is not None and to_utc(start.date(), start.time(), zone) > until:
        raise refused("rrule_start_mismatch", "UNTIL is before the start. Choose a later UNTIL.")
    left = rule.count
    first = True
    for period in _periods(_filled(rule, start), start, last):
        if first and not _holds(period, start):
            raise refused(
                "rrule_start_mismatch",
                f"The rule does not give its own start, {start:%A %Y-%m-%d %H:%M}. Move the start to the"
                " first date that the rule gives, or change the rule.",
            )
        first = False
        for wall in period:
            if wall < start:
                continue
            if passed is not None and wall > passed:
                return
            if until is not None and to_utc(wall.date(), wall.time(), zone) > until:
                continue
            yield wall
            if left is not None:
                left -= 1
                if not left:
                    return


class _Period:
    """The occurrences of one year, month, week, day or hour, computed lazily."""

    def __init__(self, days: list[dt.date], times: tuple[dt.time, ...], positions: tuple[int, ...]) -> None:
        self.days, self.times = days, times
        self.chosen: list[dt.datetime] | None = None
        if positions:
            size = len(days) * len(times)
            if size > _MAX_SET:
                raise refused("rrule_too_many", "BYSETPOS has too many times to choose from. Give fewer.")
            chosen = {n - 1 if n > 0 else size + n for n in positions if abs(n) <= size}
            self.chosen = [self._at(index) for index in sorted(chosen)]

    def __iter__(self) -> Iterator[dt.datetime]:
        if self.chosen is not None:
            return iter(self.chosen)
        return (self._at(index) for index in range(len(self.days) * len(self.times)))

    def _at(self, index: int) -> dt.datetime:
        day, time = divmod(index, len(self.times))
        return dt.datetime.combine(self.days[day], self.times[time])


def _holds(period: _Period, wall: dt.datetime) -> bool:
    if period.chosen is not None:
        return wall in period.chosen
    return wall.date() in period.days and wall.time() in period.times


def _filled(rule: Rule, start: dt.datetime) -> Rule:
    """Return the rule with its implicit parts derived from the start (RFC 5545 section 3.3.10, "derived from
    DTSTART")."""
    known: dict[str, tuple[int, ...] | tuple[tuple[int, int], ...]] = {}
    if not (rule.by_day or rule.by_monthday or rule.by_yearday):
        if rule.freq == "WEEKLY" or rule.by_weekno:
            known["by_day"] = ((0, start.weekday()),)
        elif rule.freq in ("YEARLY", "MONTHLY"):
            known["by_monthday"] = (start.day,)
            if rule.freq == "YEARLY" and not rule.by_month:
                known["by_month"] = (start.month,)
    if rule.freq != "HOURLY" and not rule.by_hour:
        known["by_hour"] = (start.hour,)
    known["by_minute"] = rule.by_minute or (start.minute,)
    known["by_second"] = rule.by_second or (start.second,)
    return replace(rule, **known)  # type: ignore[arg-type]


def _periods(rule: Rule, start: dt.datetime, last: dt.date) -> Iterator[_Period]:
    """Yield every INTERVAL-th period from the one that contains `start`; all BY parts are filters on its
    days."""
    if rule.freq == "HOURLY":
        yield from _hours(rule, start, last)
        return
    times = tuple(itertools.starmap(dt.time, itertools.product(rule.by_hour, rule.by_minute, rule.by_second)))
    for first, length in _spans(rule, start.date()):
        if first > last:
            return
        days = []
        for ahead in range(min(length, (dt.date.max - first).days + 1)):
            day = first + dt.timedelta(days=ahead)
            if _fits(rule, day):
                days.append(day)
        yield _Period(days, times, rule.by_setpos)


def _spans(rule: Rule, day: dt.date) -> Iterator[tuple[dt.date, int]]:
    """Yield the first day and number of days of each period."""
    if rule.freq in ("DAILY", "WEEKLY"):
        length = 7 if rule.freq == "WEEKLY" else 1
        back = (day.weekday() - rule.week_start) % 7 if rule.freq == "WEEKLY" else 0
        for ordinal in range(max(day.toordinal() - back, 1), dt.date.max.toordinal() + 1, length * rule.interval):
            yield dt.date.fromordinal(ordinal), length
    elif rule.freq == "MONTHLY":
        for month in range(day.year * 12 + day.month - 1, 10_000 * 12, rule.interval):
            first = dt.date(month // 12, month % 12 + 1, 1)
            yield first, calendar.monthrange(first.year, first.month)[1]
    else:
        for year in range(day.year, 10_000, rule.interval):
            yield dt.date(year, 1, 1), 366 if calendar.isleap(year) else 365


def _hours(rule: Rule, start: dt.datetime, last: dt.date) -> Iterator[_Period]:
    """Yield hours of the wall clock, counted without clock changes."""
    hour = 0
    midnight = dt.datetime.combine(start.date(), dt.time())
    while True:
        try:
            moment = midnight + dt.timedelta(hours=start.hour + hour)
        except OverflowError:
            return
        if moment.date() > last:
            return
        if not _fits(rule, moment.date()):
            # Go to the next day in whole intervals, or a rule for one day a year would test every hour
            # of the year.
            hour += -(-(24 - moment.hour) // rule.interval) * rule.interval
            continue
        if not rule.by_hour or moment.hour in rule.by_hour:
            times = tuple(dt.time(moment.hour, *rest) for rest in itertools.product(rule.by_minute, rule.by_second))
            yield _Period([moment.date()], times, rule.by_setpos)
        elif not hour:
            yield _Period([], (), ())
        hour += rule.interval


def _fits(rule: Rule, day: dt.date) -> bool:
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_day and not _fits_by_day(rule, day):
        return False
    if rule.by_monthday:
        from_end = day.day - calendar.monthrange(day.year, day.month)[1] - 1
        if day.day not in rule.by_monthday and from_end not in rule.by_monthday:
            return False
    if rule.by_yearday:
        in_year = day.timetuple().tm_yday
        if in_year not in rule.by_yearday and in_year - _year_length(day.year) - 1 not in rule.by_yearday:
            return False
    if rule.by_weekno:
        week, weeks = _week_of_year(day, rule.week_start)
        if week not in rule.by_weekno and week - weeks - 1 not in rule.by_weekno:
            return False
    return True


def _fits_by_day(rule: Rule, day: dt.date) -> bool:
    weekday = day.weekday()
    nths = [nth for nth, wanted in rule.by_day if wanted == weekday]
    if not nths or 0 in nths:
        return bool(nths)
    # The Nth of the year, unless BYMONTH narrows it to the Nth of the month.
    if rule.freq == "YEARLY" and not rule.by_month:
        position, length = day.timetuple().tm_yday, _year_length(day.year)
    else:
        position, length = day.day, calendar.monthrange(day.year, day.month)[1]
    return (position - 1) // 7 + 1 in nths or -((length - position) // 7 + 1) in nths


def _year_length(year: int) -> int:
    return 366 if calendar.isleap(year) else 365


def _week_of_year(day: dt.date, week_start: int) -> tuple[int, int]:
    """Return the number of the day's week, and the number of weeks in its week year; week 1 has at least four days of
    the year."""
    first = _first_week(day.year, week_start)
    year = day.year
    if day.toordinal() < first:
        year -= 1
    elif day.toordinal() >= _first_week(day.year + 1, week_start):
        year += 1
    first = _first_week(year, week_start)
    return (day.toordinal() - first) // 7 + 1, (_first_week(year + 1, week_start) - first) // 7


def _first_week(year: int, week_start: int) -> int:
    # As ordinals, since the weeks around the years 1 and 9999 have dates that do not exist.
    years = year - 1
    new_year = years * 365 + years // 4 - years // 100 + years // 400 + 1
    days_in = (new_year - 1 - week_start) % 7
    return new_year - days_in if days_in <= 3 else new_year + 7 - days_in


def _starts(walls: Iterable[dt.datetime], zone: ZoneInfo, skipped: set[dt.date | dt.datetime]) -> list[Start]:
    """Return the starts that are not skipped, by instant; two wall times that coincide after a clock change are one
    occurrence."""
    by_instant: dict[dt.datetime, Start] = {}
    for wall in walls:
        if not _is_skipped(wall, skipped):
            utc = to_utc(wall.date(), wall.time(), zone)
            by_instant.setdefault(utc, Start(wall, utc))
    return [by_instant[utc] for utc in sorted(by_instant)]


def _is_skipped(wall: dt.datetime, skipped: set[dt.date | dt.datetime]) -> bool:
    return wall in skipped or wall.date() in skipped


def _refuse_aware(moments: Iterable[dt.datetime], field: str) -> None:
    if any(moment.tzinfo is not None for moment in moments):
        raise Invalid("Give wall times without a zone. The zone is a separate field.", field=field)


def _too_many() -> Invalid:
    return refused("rrule_too_many", f"The rule gives more than {MAX_OCCURRENCES} occurrences. End it earlier.")
