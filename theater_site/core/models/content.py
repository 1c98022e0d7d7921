"""The base of everything whose changes are recorded: content models, their manager and queryset."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.signals import class_prepared, post_delete

from theater_site.core import changes, recording, runs
from theater_site.core.actors import EVERYWHERE, Actor, Sections, SectionsBelow
from theater_site.core.errors import DomainError, Invalid, Stale, all_of
from theater_site.core.text import refuse_controls

BOOKKEEPING = frozenset({"version", "created_at", "updated_at"})
_CHUNK = 2_000
_ABSENT = object()


class ContentQuerySet(models.QuerySet["Any"]):
    """A queryset whose writes are seen by the recorder, and that knows what an actor may see."""

    def visible_to(self, actor: Actor) -> Self:
        """Only the rows that `actor` may see: published ones, their own, and all in sections where they may view."""
        model = self.model
        sections = actor.sections_held(model.view_permission, runs.instant())
        # An empty Q as `public_when` says that all rows are public; joined by OR it would say nothing.
        if sections is EVERYWHERE or model.public_when == Q():
            return self
        visible = _within(model.section_lookup, sections)
        if model.public_when is not None:
            visible |= model.public_when
        own = model.visible_as_own(actor)
        return self.filter(visible if own is None else visible | own)

    def update(self, **values: Any) -> int:
        if self.query.is_sliced:
            raise TypeError("Cannot update a query once a slice has been taken.")
        model: Any = self.model
        fields = {model._meta.get_field(name).attname for name in values} - BOOKKEEPING
        tracked = [name for name in changes.tracked(model) if name in fields]
        now = runs.instant()
        values.setdefault("version", F("version") + 1)
        values.setdefault("updated_at", now)
        plain = _plain(model, {name: value for name, value in values.items() if name not in BOOKKEEPING})
        model(**plain).check_values(plain)
        following = [f for f in model._meta.concrete_fields if fields & set(getattr(f, "sources", ()))]
        computed = any(
            hasattr(value, "resolve_expression") for name, value in values.items() if name not in BOOKKEEPING
        )
        with transaction.atomic(using=self.db):
            # Locked and then updated by key: rows that another transaction lets match in between stay untouched, so
            # what is recorded is exactly what was changed.
            rows = list(section_joined(self.order_by().select_for_update(of=("self",))))
            for start in range(0, len(rows), _CHUNK):
                chunk = rows[start : start + _CHUNK]
                keys = [row.pk for row in chunk]
                bare = model._base_manager.using(self.db).filter(pk__in=keys)
                models.QuerySet.update(bare, **values)
                after = {row["pk"]: row for row in bare.values("pk", *tracked)} if computed else None
                for row in chunk:
                    before = {name: getattr(row, name) for name in tracked}
                    now_values = after[row.pk] if after else plain
                    for name in tracked:
                        setattr(row, name, now_values[name])
                    row.version += 1
                    if following:
                        # A column that follows from others is worked out in Python, from the row as it is now.
                        folded = {f.attname: f.pre_save(row, False) for f in following}
                        models.QuerySet.update(model._base_manager.using(self.db).filter(pk=row.pk), **folded)
                    recording.record_change(row, before, {name: now_values[name] for name in tracked})
        self._result_cache = None
        return len(rows)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
        *,
        checked: bool = False,
    ) -> list[Any]:
        """Django's, with every row judged by `check_values` unless the caller says that it has been `checked`."""
        if ignore_conflicts or update_conflicts:
            raise TypeError(
                "an upsert hides what it wrote from the recorder: write it by hand and call record_change()"
            )
        made = list(objs)
        now = runs.instant()
        for row in made:
            row.created_at = row.updated_at = now
            if not checked:
                row.check_values()
        with transaction.atomic(using=self.db):
            super().bulk_create(made, batch_size=batch_size)
            recording.record_created(made)
        return made

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        # Django's own goes through `update` above, chunk by chunk, and is recorded there.
        return super().bulk_update(list(objs), list(fields), batch_size=batch_size)


def _within(lookup: str, sections: Sections) -> Q:
    """The rows whose section is one of these. Few ids go in as literals; of thousands the place in the tree is compared,
    since a statement of thousands of literals takes longer to read than to answer."""
    if isinstance(sections, SectionsBelow):
        place = sections.field if lookup == "id" else f"{lookup.removesuffix('_id')}__{sections.field}"
        below = Q()
        for prefix in sections.prefixes:
            below |= Q(**{f"{place}__startswith": prefix})
        return below
    return Q(**{f"{lookup}__in": sections}) if sections else Q(pk__in=())


def _plain(model: type[models.Model], values: dict[str, Any]) -> dict[str, Any]:
    plain = {}
    for name, value in values.items():
        field = model._meta.get_field(name)
        if not hasattr(value, "resolve_expression"):
            plain[field.attname] = value.pk if isinstance(value, models.Model) else field.to_python(value)  # type: ignore[union-attr]
    return plain


def section_joined(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """`rows` with what must be loaded along so that `owning_section_id` costs no query."""
    path = rows.model.section_lookup.split("__")
    # Without a name select_related() would follow every foreign key there is.
    return rows.select_related("__".join(path[:-1])) if len(path) > 1 else rows


def with_section(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """`rows` with the section of each loaded along, so that a question about permissions finds its place in the tree there."""
    place = rows.model.section_lookup.removesuffix("_id")
    return rows.select_related(place) if place.endswith("section") else rows


ContentManager = models.Manager.from_queryset(ContentQuerySet)


class ContentModel(models.Model):
    """What the theater's people write, and what the audit log reports.

    Every save counts `version` up and is refused with Stale where the row was changed by somebody else since it was
    loaded; every way of writing it but raw SQL is recorded field by field. A subclass says where its section is
    (`section_lookup`, the path to a section id), which permission shows its drafts, and what of it is public or personal.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_details"
    # Rows that anybody may see; None: nothing of this is public.
    public_when: ClassVar[Q | None] = None
    # Attribute names whose values are somebody's private data: encrypted wherever a copy is kept, never logged.
    personal: ClassVar[frozenset[str]] = frozenset()
    # Attribute names whose values chance decides (a random label): recorded, but no part of what an approver agrees to.
    chance: ClassVar[frozenset[str]] = frozenset()
    # Relations that every action on it goes on to: loaded with the row when the runner locks it.
    loaded_along: ClassVar[tuple[str, ...]] = ()

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = ContentManager()

    class Meta:
        abstract = True
        # Reverse adds, SET_NULL and refresh go through the base manager: they too are to be seen.
        base_manager_name = "objects"

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        """Rows that `actor` may see because they are theirs, whatever the section; None where there are none."""
        return None

    @property
    def owning_section_id(self) -> int | None:
        """The section that this belongs to, along `section_lookup`."""
        return changes.section_id_of(self)

    @property
    def section_along(self) -> Any | None:
        """That section itself, where it was loaded along with the row (see `with_section`); None where asking would cost a
        query."""
        here: Any = self
        for step in self.section_lookup.removesuffix("_id").split("__"):
            here = here._state.fields_cache.get(step)
            if here is None:
                return None
        return here

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:  # type: ignore[override]
        row = super().from_db(db, field_names, values)
        row._loaded = changes.snapshot(row)
        return row

    def refresh_from_db(  # type: ignore[override]
        self, using: str | None = None, fields: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        names = None if fields is None else list(fields)
        super().refresh_from_db(using, names, **kwargs)
        fresh = changes.snapshot(self)
        if names is None:
            self._loaded = fresh
        else:
            # A deferred column comes this way too; what else was set on the row meanwhile is not loaded by it.
            loaded = {self._meta.get_field(name).attname for name in names}  # type: ignore[union-attr]
            self._loaded = getattr(self, "_loaded", {}) | {name: fresh[name] for name in loaded if name in fresh}

    def assign(self, values: Mapping[str, Any]) -> None:
        """Set these attributes."""
        for name, value in values.items():
            setattr(self, name, value)

    def check_values(self, names: Collection[str] | None = None) -> None:
        """Refuse with Invalid, field by field, what a column does not take: too long, empty, no such choice, a NUL.

        Only new values are judged, so an old row that would not pass today can still be changed elsewhere. SQLite takes
        what PostgreSQL refuses, so this is asked for every save; foreign keys are left to the database.
        """
        loaded = {} if self._state.adding else getattr(self, "_loaded", {})
        problems: list[DomainError] = []
        for field in _checked(type(self)):
            if names is not None and field.name not in names and field.attname not in names:
                continue
            value = self.__dict__.get(field.attname, _ABSENT)
            if value is _ABSENT or (field.attname in loaded and loaded[field.attname] == value):
                continue
            if hasattr(value, "resolve_expression"):
                continue
            if not _storable(value):
                problems.append(
                    Invalid(
                        "NUL characters and half characters cannot be stored.", code="null_character", field=field.name
                    )
                )
                continue
            if _is_one_line(field) and (refusal := _controls_in(value, field.name)) is not None:
                problems.append(refusal)
                continue
            if value in field.empty_values:
                if not (field.null if value is None else field.blank):
                    problems.append(Invalid("This field is required.", code="required", field=field.name))
                continue
            if isinstance(value, str) and field.max_length is not None and len(value) > field.max_length:
                # Django itself judges this for CharField alone.
                message = f"At most {field.max_length} characters, please; these are {len(value)}."
                problems.append(Invalid(message, code="max_length", field=field.name))
                continue
            try:
                setattr(self, field.attname, field.clean(value, self))
            except ValidationError as error:
                problems += [Invalid(message, code=code_of(error), field=field.name) for message in error.messages]
        all_of(problems)

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        now: datetime = runs.instant()
        adding = self._state.adding
        update_fields = kwargs.get("update_fields")
        if adding:
            # Never Django's "update it if the key exists": that would tell a change as a creation.
            if kwargs.get("force_update") or update_fields is not None:
                raise ValueError("Load a row before changing it.")
            kwargs["force_insert"] = True
            self.check_values()
            self.created_at = self.updated_at = now
        else:
            self._load_before()
            # Of forty columns mostly one has changed: to write them all is half the time that a save takes.
            changed = self._changed() if update_fields is None else frozenset(update_fields)
            self.check_values(changed)
            if update_fields is None and not self._changed():
                # Equal values: no new version, which would make everybody else's copy stale.
                return
            # Who names columns means these: of others only what follows from them goes along.
            always = _worked_out if update_fields is None else _derived
            kwargs["update_fields"] = changed | always(type(self)) | {"version", "updated_at"}
            self.updated_at = now
        seen_version = self.version
        if not adding:
            self.version = seen_version + 1
        self._seen_version = None if adding else seen_version
        seen_values = self.__dict__.get("_loaded")
        using = kwargs.get("using")
        try:
            # One transaction around the row and its record; inside a service this is already open and costs nothing.
            if transaction.get_connection(using).in_atomic_block:
                self._save_and_record(adding, args, kwargs)
            else:
                with transaction.atomic(using=using):
                    self._save_and_record(adding, args, kwargs)
        except BaseException:
            # As before, so that the next attempt writes what this one did not.
            self.version = seen_version
            if seen_values is not None:
                self._loaded = seen_values
            raise

    def _load_before(self) -> None:
        """What is in the columns that were set without having been loaded."""
        loaded = self.__dict__.setdefault("_loaded", {})
        if unknown := [n for n in changes.tracked(type(self)) if n not in loaded and n in self.__dict__]:
            loaded.update(type(self)._base_manager.filter(pk=self.pk).values(*unknown).first() or {})

    def _changed(self) -> frozenset[str]:
        """The names of the columns in which something else is than was loaded."""
        now, loaded = self.__dict__, self._loaded
        return frozenset(
            name
            for name, attname in _columns(type(self))
            if attname in now and not _same(loaded.get(attname, _ABSENT), now[attname])
        )

    def _save_and_record(self, adding: bool, args: Any, kwargs: Any) -> None:
        super().save_base(*args, **kwargs)
        if adding:
            recording.record_created([self])
        else:
            recording.record_saved(self, kwargs["update_fields"])

    def _do_update(self, base_qs: Any, *args: Any, **kwargs: Any) -> Any:
        if self._seen_version is None:
            return super()._do_update(base_qs, *args, **kwargs)
        # The version in the WHERE makes a lost update impossible without holding a lock from read to write.
        current = base_qs.filter(version=self._seen_version)
        # A bool, or from Django 6 on the rows that it returns.
        if updated := super()._do_update(current, *args, **kwargs):
            return updated
        raise Stale(
            f"This {self._meta.verbose_name} was changed or removed by somebody else meanwhile. Load it again and repeat.",
            data={"object_type": self._meta.label_lower, "object_id": str(self.pk)},
        )

    _loaded: dict[str, Any]
    _seen_version: int | None


def _watch_deletes(sender: type[models.Model], **_: Any) -> None:
    # A receiver per model, never one without a sender: that would cost every model in the project its fast deletes.
    if issubclass(sender, ContentModel) and not sender._meta.abstract:
        post_delete.connect(_record_delete, sender=sender, dispatch_uid="recorder")


def _record_delete(sender: type[ContentModel], instance: ContentModel, **_: Any) -> None:
    recording.record_deleted(instance)


class_prepared.connect(_watch_deletes)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _storable(value: Any) -> bool:
    """Whether both databases take the text that is in `value`, the items of a JSON column included."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    if isinstance(value, dict):
        return all(_storable(key) and _storable(inner) for key, inner in value.items())
    return not isinstance(value, list | tuple) or all(map(_storable, value))


def _is_one_line(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.CharField) or getattr(field, "one_line", False)


def _controls_in(value: Any, field: str) -> Invalid | None:
    try:
        refuse_controls(value, field=field) if isinstance(value, str) else None
    except Invalid as refusal:
        return refusal
    return None


@cache
def _checked(model: type[ContentModel]) -> tuple[models.Field[Any, Any], ...]:
    return tuple(
        field
        for field in model._meta.concrete_fields
        if not field.primary_key
        and field.attname not in BOOKKEEPING
        and not getattr(field, "derived", False)
        and not isinstance(field, models.ForeignKey | models.FileField)
    )


@cache
def _columns(model: type[ContentModel]) -> tuple[tuple[str, str], ...]:
    fields = (field for field in model._meta.concrete_fields if not field.primary_key)
    return tuple((field.name, field.attname) for field in fields if field.attname not in ("version", "updated_at"))


@cache
def _derived(model: type[ContentModel]) -> frozenset[str]:
    return frozenset(field.name for field in model._meta.concrete_fields if getattr(field, "derived", False))


@cache
def _worked_out(model: type[ContentModel]) -> frozenset[str]:
    """The columns whose value is made, or made ready, when the row is saved."""
    plain = {kind.pre_save for kind in (models.Field, models.DateField, models.DateTimeField, models.TimeField)}
    return frozenset(
        field.name
        for field in model._meta.concrete_fields
        if type(field).pre_save not in plain or getattr(field, "auto_now", False)
    )


def _same(one: Any, other: Any) -> bool:
    # To Python 1 and True are equal, to JSON they are not.
    return bool(one == other) and (not isinstance(one, list | dict) or repr(one) == repr(other))


def code_of(error: ValidationError) -> str:
    """The stable code of a field's refusal ("max_length", "invalid_choice")."""
    return str(getattr(error.error_list[0], "code", None) or "invalid")
