"""Finds people who may be the same. These functions do not check permissions: they read the whole directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.db.models import Count, Max, Min, Q
from rapidfuzz import fuzz, process

from directory.models import Alias, Credit, DistinctPair, Person
from directory.rules.duplicates import WORTH_A_LOOK, Known, Likeness, likeness
from directory.rules.name_sounds import sounds_of, words_of
from directory.rules.nicknames import forms_of

# So many of the most alike names are compared in full.
_COMPARED = 30
# Of more people with names that sound alike ("John Smith" in a large archive), only so many are compared.
_GROUP = 40
_LARGEST = 2_000
_COMPARED_COLUMNS = ("version", "kind", "name", "sort_name", "published_at", "email_index", "section_id")
_YEARS = {
    "first": Min("production__opens_on", filter=~Q(production__opens_on="")),
    "last": Max("production__opens_on", filter=~Q(production__opens_on="")),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be the one asked about, and how likely."""

    person: Person
    years: tuple[int, int] | None
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who may be the same, and how likely. `first` has the lower id."""

    first: Person
    second: Person
    likeness: Likeness


def similar_to(name: str, *, limit: int = 10) -> list[Candidate]:
    """Return the people whose name or alias is most like `name`, the most alike first. At most five queries."""
    return _ranked(Known((name,)), _alike(name), limit)


def similar_people(person: Person, *, limit: int = 10) -> list[Candidate]:
    """Return who may be the same as `person`, by names, aliases, e-mail address and years. Without those of whom somebody
    decided that they are not."""
    aliases = list(Alias.objects.filter(person=person).order_by("pk").values_list("name", flat=True))
    found: set[int] = set()
    for name in (person.name, *aliases):
        found |= _alike(name)
    if person.email_index:
        found |= set(Person.objects.filter(email_index=person.email_index).values_list("pk", flat=True))
    pairs = DistinctPair.objects.filter(Q(first=person) | Q(second=person)).values_list("first_id", "second_id")
    found -= {pk for pair in pairs for pk in pair} | {person.pk}
    known = Known((person.name, *aliases), person.email_index, _years([person.pk]).get(person.pk))
    return _ranked(known, found, limit, kind=person.kind)


def duplicate_pairs(*, limit: int = 100) -> list[Pair]:
    """Return pairs in the whole directory that may be one person, the most likely first: their names or aliases sound alike,
    or their e-mail addresses are equal.

    Without pairs of whom somebody decided that they are not the same. Seven queries.
    """
    keys = _pairs_alike() - set(DistinctPair.objects.values_list("first_id", "second_id"))
    ids = {pk for pair in keys for pk in pair}
    people, known = _people(ids)
    found = []
    for first, second in keys:
        one, other = people.get(first), people.get(second)
        if one is not None and other is not None and one.kind == other.kind:
            how = likeness(known[first], known[second])
            if how.score >= WORTH_A_LOOK:
                found.append(Pair(one, other, how))
    found.sort(key=lambda pair: (-pair.likeness.score, pair.first.pk, pair.second.pk))
    return found[:limit]


def _alike(name: str) -> set[int]:
    """The ids of the people whose names are most like `name`, among those with a word that sounds like one of its words."""
    sounds = sounds_of(name).split()
    if not sounds:
        return set()
    blocked = Q()
    for sound in sounds:
        blocked |= Q(sounds__contains=f" {sound} ")
    called_so = Alias.objects.filter(blocked).values_list("person_id", "folded")
    rows = list(Person.objects.filter(blocked).values_list("pk", "folded").union(called_so, all=True))
    texts = [folded for _, folded in rows]
    best: dict[int, float] = {}
    words = words_of(name)
    _compare(" ".join(words), rows, texts, best)
    given = words[1 if "," in name and len(words) > 1 else 0]
    whole = " ".join(texts)
    for form in forms_of(given) - {given}:
        # Those who are called so: by letters alone "bob" is not like "robert". Most forms occur nowhere.
        if f"{form} " in whole:
            called = [index for index, text in enumerate(texts) if f"{form} " in text]
            other = " ".join(form if word == given else word for word in words)
            _compare(other, [rows[index] for index in called], [texts[index] for index in called], best)
    return set(sorted(best, key=lambda pk: -best[pk])[:_COMPARED])


def _compare(name: str, rows: Sequence[tuple[int, str]], texts: Sequence[str], best: dict[int, float]) -> None:
    """Note in `best` by id how alike the most alike of `texts` are to `name`, from 55 to 100."""
    # `folded` of a person is the name and the sort name, so words are compared as a set.
    found = process.extract(name, texts, scorer=fuzz.token_set_ratio, processor=None, limit=_COMPARED, score_cutoff=55)
    for _, score, index in found:
        pk = rows[index][0]
        best[pk] = max(score, best.get(pk, 0.0))


def _ranked(known: Known, ids: Collection[int], limit: int, kind: str | None = None) -> list[Candidate]:
    people, compared = _people(ids)
    found = []
    for pk, person in people.items():
        how = likeness(known, compared[pk])
        if how.score >= WORTH_A_LOOK and kind in (None, person.kind):
            found.append(Candidate(person, compared[pk].years, how))
    found.sort(key=lambda candidate: (-candidate.likeness.score, candidate.person.pk))
    return found[:limit]


def _people(ids: Collection[int]) -> tuple[dict[int, Person], dict[int, Known]]:
    """These people, and what is compared of each. Three queries."""
    if not ids:
        return {}, {}
    people = Person.objects.only(*_COMPARED_COLUMNS).in_bulk(ids)
    aliases: Mapping[int, list[str]] = defaultdict(list)
    for pk, name in Alias.objects.filter(person__in=ids).order_by("pk").values_list("person_id", "name"):
        aliases[pk].append(name)
    years = _years(ids)
    known = {
        pk: Known((person.name, *aliases.get(pk, ())), person.email_index, years.get(pk))
        for pk, person in people.items()
    }
    return people, known


def _years(ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """The first and the last year in which each of these people has a credit, where known."""
    rows: Any = Credit.objects.filter(person__in=ids).values("person_id").annotate(**_YEARS)
    return {
        row["person_id"]: (int(row["first"][:4]), int(row["last"][:4])) for row in rows if row["first"] and row["last"]
    }


def _pairs_alike() -> set[tuple[int, int]]:
    groups: dict[str, set[int]] = defaultdict(set)
    again = Person.objects.exclude(sounds="").values("sounds").annotate(n=Count("pk")).filter(n__gt=1)
    for pk, sounds in Person.objects.filter(sounds__in=again.values("sounds")).values_list("pk", "sounds"):
        groups[sounds].add(pk)
    named = Alias.objects.exclude(sounds="").filter(sounds__in=Person.objects.values("sounds"))
    by_alias = list(named.values_list("person_id", "sounds"))
    wanted = {sounds for _, sounds in by_alias} - groups.keys()
    for pk, sounds in _in_chunks(wanted):
        groups[sounds].add(pk)
    for pk, sounds in by_alias:
        groups[sounds].add(pk)
    shared = Person.objects.exclude(email_index=None).values("email_index").annotate(n=Count("pk")).filter(n__gt=1)
    for pk, index in Person.objects.filter(email_index__in=shared.values("email_index")).values_list(
        "pk", "email_index"
    ):
        groups[f"mail {index}"].add(pk)
    pairs: set[tuple[int, int]] = set()
    # The smallest groups first: what few share says more.
    for group in sorted(groups.values(), key=len):
        pairs |= set(combinations(sorted(group)[:_GROUP], 2))
        if len(pairs) >= _LARGEST:
            break
    return pairs


def _in_chunks(sounds: Iterable[str]) -> Iterable[tuple[int, str]]:
    listed = sorted(sounds)
    for start in range(0, len(listed), 500):
        yield from Person.objects.filter(sounds__in=listed[start : start + 500]).values_list("pk", "sounds")
