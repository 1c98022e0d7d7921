"""The error codes of the API: those that every operation can answer with, and those of one action, from its docstring.

The codes of an action are named in the paragraph of its docstring that begins with "Errors:", "Error:", "Raises:" or
"Refused:". The tests compare them with the answers.
"""

from __future__ import annotations

import re
from typing import Any

from theater_site.core.actions import Action, registered

# Of every operation; of a single field where the field is named.
EVERYWHERE = {
    "not_signed_in": "Sign in, or sign in again.",
    "not_allowed": "You lack the permission; `data.needs` names it.",
    "second_factor_needed": "Sign in with a second factor: `data` says where.",
    "read_only_token": "This token reads only.",
    "not_found": "There is nothing at this address, or you may not see it.",
    "does_not_exist": "There is no object with this id, or you may not see it.",
    "reference_gone": "The object with this id was deleted.",
    "reference_broken": "An object that this refers to was deleted meanwhile.",
    "invalid": "Several fields are wrong: `errors` names each, with its own code.",
    "required": "This field is needed.",
    "blank": "This field may not be empty.",
    "null": "This field may not be null.",
    "unknown_field": "There is no field or parameter of this name.",
    "incorrect_type": "The value has another type than the field.",
    "not_a_list": "Send a list.",
    "not_a_dict": "Send an object.",
    "invalid_choice": "The value is none of the choices.",
    "max_length": "The text is too long.",
    "min_length": "The text is too short.",
    "max_value": "The number is too large.",
    "min_value": "The number is too small.",
    "max_digits": "The number has too many digits.",
    "max_decimal_places": "The number has too many decimal places.",
    "bad_date": "This is not a date.",
    "unknown_timezone": "This is not the name of an IANA time zone.",
    "control_character": "A one-line text takes no line breaks and control characters.",
    "null_character": "NUL characters cannot be stored.",
    "null_characters_not_allowed": "NUL characters cannot be stored.",
    "unsafe_link": "Only http, https, mailto, tel and relative links are taken.",
    "parse_error": "The body is not valid JSON.",
    "bad_request": "The request cannot be read.",
    "stale": "The object has changed since the version that you sent as `If-Match`.",
    "version_required": "Send the version that you saw as `If-Match`.",
    "bad_version": "`If-Match` is not a version.",
    "idempotency_key_reused": "This `Idempotency-Key` was sent with another body.",
    "bad_idempotency_key": "This `Idempotency-Key` cannot be used.",
    "still_in_use": "Other objects refer to it.",
    "rules_broken": "A rule of the theater forbids the result: `errors` has the rules as codes.",
    "waiver_required": "A rule of the theater warns of the result: send `waive` with a reason. `errors` has the rules as codes.",
    "preview_only_reads": "A submission is previewed by reading only.",
    "too_many": "Too many requests. `Retry-After` says how many seconds to wait.",
    "too_many_guesses": "Too many wrong secrets. Wait, then try again.",
}

_ERRORS = re.compile(r"\b(?:Errors?|Raises|Refused)\b(.*)", re.DOTALL)
_SAME = re.compile(r"[Ss]ame errors as `([a-z_]+\.[a-z_]+)`")
_CODE = re.compile(r"`([a-z][a-z0-9_]*)`")


def codes_of(action: Action[Any, Any]) -> list[str]:
    """The codes that the docstring of an action names, in alphabetical order; also by "same errors as" another action."""
    text = action.__doc__ or ""
    parts = [found[1] for part in re.split(r"\n\s*\n", text) if (found := _ERRORS.search(part))]
    codes = {code for part in parts for code in _CODE.findall(part)}
    for name in _SAME.findall(text):
        codes |= set(codes_of(registered()[name]))
    return sorted(codes)
