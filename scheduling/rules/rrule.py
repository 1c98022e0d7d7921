"""One RFC 5545 RRULE: parsed, checked by the standard, and written in one normal form.

This module knows only the rule; `scheduling.rules.recurrence` expands it with a start and a zone.
Errors are Invalid with the field `rrule`: `rrule_malformed` for what the standard does not allow, and
`rrule_too_often` for FREQ=MINUTELY and SECONDLY.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from scheduling.rules.wall_time import to_utc
from theater_site.core.errors import Invalid

MAX_TEXT = 1_000

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")
_SIGNED = re.compile(r"[+-]?[0-9]{1,3}")
_UNSIGNED = re.compile(r"[0-9]{1,6}")

# Part: field, lowest, highest, negatives count from the end. RFC 5545 section 3.3.10; a leap second
# (BYSECOND=60) is an error, since datetime has none. The order is the one in which django-recurrence
# writes them.
_BY_NUMBERS = {
    "BYSETPOS": ("by_setpos", 1, 366, True),
    "BYMONTH": ("by_month", 1, 12, False),
    "BYMONTHDAY": ("by_monthday", 1, 31, True),
    "BYYEARDAY": ("by_yearday", 1, 366, True),
    "BYWEEKNO": ("by_weekno", 1, 53, True),
    "BYHOUR": ("by_hour", 0, 23, False),
    "BYMINUTE": ("by_minute", 0, 59, False),
    "BYSECOND": ("by_second", 0, 59, False),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed RRULE. `by_day` pairs an ordinal (0: every) with a weekday (0: Monday). `until` is inclusive:
    a date (to the end of that day), a naive wall time, or an aware instant."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: dt.date | dt.datetime | None = None
    week_start: int = 0
    by_day: tuple[tuple[int, int], ...] = ()
    by_setpos: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_monthday: tuple[int, ...] = ()
    by_yearday: tuple[int, ...] = ()
    by_weekno: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()

    def until_in(self, zone: ZoneInfo) -> dt.datetime | None:
        """Return `until` as an instant, with a wall time or date (to its end) read in `zone`; None without an end."""
        if self.until is None:
            return None
        until = self.until
        if not isinstance(until, dt.datetime):
            until = dt.datetime.combine(until, dt.time(23, 59, 59))
        return until if until.tzinfo is not None else to_utc(until.date(), until.time(), zone)

    def __str__(self) -> str:
        """Return the normal form: upper case, fixed order, no defaults, lists sorted without repeats."""
        parts = [f"FREQ={self.freq}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.week_start:
            parts.append(f"WKST={_DAYS[self.week_start]}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={_until_text(self.until)}")
        if self.by_day:
            parts.append("BYDAY=" + ",".join(f"{nth or ''}{_DAYS[day]}" for nth, day in self.by_day))
        for part, (field, *_) in _BY_NUMBERS.items():
            if numbers := getattr(self, field):
                parts.append(f"{part}={','.join(map(str, numbers))}")
        return ";".join(parts)


def parse(text: str) -> Rule:
    """Parse one RRULE value, with or without "RRULE:" before it, by RFC 5545 section 3.3.10.

    Case is ignored. Raises: `rrule_malformed` for unknown, repeated and empty parts, numbers out of range, COUNT
    beside UNTIL, and combinations that the standard forbids; `rrule_too_often` for FREQ=MINUTELY and
    SECONDLY.
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise _malformed(f"A rule has at most {MAX_TEXT} characters.")
    line = text.strip().upper().removeprefix("RRULE:")
    if "\n" in line or "\r" in line:
        raise _malformed("Give one rule on one line. Start, skipped and added dates are separate fields.")
    parts: dict[str, str] = {}
    for item in line.split(";"):
        name, equals, value = item.partition("=")
        if not equals or not value or name in parts:
            raise _malformed(
                f'{item[:40]!r} is not part of a rule. Write parts such as FREQ=WEEKLY, each once, joined by ";".'
            )
        parts[name] = value
    freq = parts.pop("FREQ", "")
    if freq in ("MINUTELY", "SECONDLY"):
        raise refused("rrule_too_often", f"FREQ={freq} is not supported. An event repeats at most daily.")
    if freq not in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"):
        raise _malformed("FREQ must be one of YEARLY, MONTHLY, WEEKLY, DAILY.")
    rule = Rule(
        freq,
        interval=_positive(parts.pop("INTERVAL", "1"), "INTERVAL"),
        count=_positive(parts.pop("COUNT"), "COUNT") if "COUNT" in parts else None,
        until=_read_until(parts.pop("UNTIL")) if "UNTIL" in parts else None,
        week_start=_read_weekday(parts.pop("WKST", "MO")),
        by_day=_read_by_day(parts.pop("BYDAY")) if "BYDAY" in parts else (),
        **{field: _read_numbers(parts.pop(part), part) for part, (field, *_) in _BY_NUMBERS.items() if part in parts},
    )
    if parts:
        raise _malformed(f"{next(iter(parts))[:40]!r} is not a part of an RRULE.")
    _refuse_forbidden(rule)
    return rule


def _refuse_forbidden(rule: Rule) -> None:
    if rule.count is not None and rule.until is not None:
        raise _malformed("COUNT and UNTIL exclude each other. Keep one.")
    if rule.by_weekno and rule.freq != "YEARLY":
        raise _malformed("BYWEEKNO goes with FREQ=YEARLY only.")
    if rule.by_yearday and rule.freq in ("DAILY", "WEEKLY", "MONTHLY"):
        raise _malformed(f"BYYEARDAY does not go with FREQ={rule.freq}.")
    if rule.by_monthday and rule.freq == "WEEKLY":
        raise _malformed("BYMONTHDAY does not go with FREQ=WEEKLY.")
    if any(nth for nth, _ in rule.by_day) and (rule.freq not in ("MONTHLY", "YEARLY") or rule.by_weekno):
        raise _malformed("A numbered BYDAY goes with FREQ=MONTHLY, or FREQ=YEARLY without BYWEEKNO.")
    others = (
        rule.by_day,
        *(getattr(rule, field) for field, *_ in _BY_NUMBERS.values() if field != "by_setpos"),
    )
    if rule.by_setpos and not any(others):
        raise _malformed("BYSETPOS needs another BY part to choose from.")


def _read_numbers(value: str, part: str) -> tuple[int, ...]:
    _, lowest, highest, negative = _BY_NUMBERS[part]
    numbers = set()
    for item in value.split(","):
        number = int(item) if _SIGNED.fullmatch(item) else None
        if number is None or not lowest <= (abs(number) if negative else number) <= highest:
            signs = f" or -{highest} to -{lowest}" if negative else ""
            raise _malformed(f"{part} takes numbers from {lowest} to {highest}{signs}, not {item[:40]!r}.")
        numbers.add(number)
    return tuple(sorted(numbers))


def _read_by_day(value: str) -> tuple[tuple[int, int], ...]:
    days = set()
    for item in value.split(","):
        match = _BYDAY.fullmatch(item)
        nth = int(match[1] or 0) if match else 0
        if match is None or (match[1] and not 1 <= abs(nth) <= 53):
            raise _malformed(f"BYDAY takes weekdays such as MO, 1FR or -1SU, not {item[:40]!r}.")
        days.add((nth, _DAYS.index(match[2])))
    return tuple(sorted(days, key=lambda pair: (pair[1], pair[0])))


def _read_weekday(value: str) -> int:
    if value not in _DAYS:
        raise _malformed(f"WKST takes one weekday such as MO, not {value[:40]!r}.")
    return _DAYS.index(value)


def _positive(value: str, part: str) -> int:
    if not _UNSIGNED.fullmatch(value) or int(value) == 0:
        raise _malformed(f"{part} takes a whole number from 1, not {value[:40]!r}.")
    return int(value)


def _read_until(value: str) -> dt.date | dt.datetime:
    try:
        if not _UNTIL.fullmatch(value):
            raise ValueError
        if len(value) == 8:
            return dt.datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007 - wall time
        moment = dt.datetime.strptime(value[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall time
    except ValueError:
        raise _malformed(f"UNTIL takes a date or time such as 20260630T220000Z, not {value[:40]!r}.") from None
    return moment.replace(tzinfo=dt.UTC) if value.endswith("Z") else moment


def _until_text(until: dt.date | dt.datetime) -> str:
    # Not strftime: its %Y does not pad years before 1000 on every platform.
    text = until.isoformat().partition("+")[0].replace("-", "").replace(":", "")
    return text + "Z" if is_instant(until) else text


def is_instant(until: dt.date | dt.datetime) -> bool:
    return isinstance(until, dt.datetime) and until.tzinfo is not None


def refused(code: str, message: str) -> Invalid:
    return Invalid(message, code=code, field="rrule")


def _malformed(message: str) -> Invalid:
    return refused("rrule_malformed", message)
