"""The base class of content models, whose changes are recorded, with its manager and queryset."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.signals import class_prepared, post_delete

from theater_site.core import changes, recording, runs
from theater_site.core.actors import EVERYWHERE, Actor, Sections, SectionsBelow
from theater_site.core.errors import DomainError, NotFound, Stale, all_of
from theater_site.core.models.values import BOOKKEEPING, problems_of

_CHUNK = 2_000
_ABSENT = object()


class ContentQuerySet(models.QuerySet["Any"]):
    """A queryset that records its writes and filters by what an actor may see."""

    def visible_to(self, actor: Actor) -> Self:
        """The rows that `actor` may see: public ones, their own, and all rows of sections where they may view drafts."""
        model = self.model
        sections = actor.sections_held(model.view_permission, runs.instant())
        # `public_when = Q()` means that all rows are public. Joined by OR, an empty Q would have no effect.
        if sections is EVERYWHERE or model.public_when == Q():
            return self
        visible = _within(model.section_lookup, sections)
        if model.public_when is not None:
            visible |= model.public_when
        own = model.visible_as_own(actor)
        return self.filter(visible if own is None else visible | own)

    def update(self, **values: Any) -> int:
        """Update all rows, count up their versions and record each change. Returns the number of rows.

        Raises: Invalid for a value that its column does not accept.
        """
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
        dependent = [f for f in model._meta.concrete_fields if fields & set(getattr(f, "sources", ()))]
        computed = any(
            hasattr(value, "resolve_expression") for name, value in values.items() if name not in BOOKKEEPING
        )
        with transaction.atomic(using=self.db):
            # Locked, then updated by key. A second evaluation of the filter could update rows that match only since
            # another transaction committed, and their changes would not be recorded.
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
                    if dependent:
                        # Folded columns are computed in Python, from the new values.
                        folded = {f.attname: f.pre_save(row, False) for f in dependent}
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
        """Insert rows and record them. Each is checked by `check_values`, unless the caller did (`checked`).

        Raises: TypeError for an upsert; Invalid for a value that its column does not accept.
        """
        if ignore_conflicts or update_conflicts:
            raise TypeError("the recorder cannot see what an upsert writes; write it in SQL and call record_change()")
        rows = list(objs)
        now = runs.instant()
        for row in rows:
            row.created_at = row.updated_at = now
            if not checked:
                row.check_values()
        with transaction.atomic(using=self.db):
            super().bulk_create(rows, batch_size=batch_size)
            recording.record_created(rows)
        return rows

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        # Django's implementation calls `update` above for each batch, which records the changes.
        return super().bulk_update(list(objs), list(fields), batch_size=batch_size)


def _within(lookup: str, sections: Sections) -> Q:
    """The rows whose section is one of `sections`.

    A few ids are compared as literals. Instead of thousands of ids, the path in the tree is compared: the database would
    spend more time on parsing the literals than on the query.
    """
    if isinstance(sections, SectionsBelow):
        path = sections.field if lookup == "id" else f"{lookup.removesuffix('_id')}__{sections.field}"
        below = Q()
        for prefix in sections.prefixes:
            below |= Q(**{f"{path}__startswith": prefix})
        return below
    return Q(**{f"{lookup}__in": sections}) if sections else Q(pk__in=())


def _plain(model: type[models.Model], values: dict[str, Any]) -> dict[str, Any]:
    """The values that are not expressions, by attribute name and as Python values."""
    plain = {}
    for name, value in values.items():
        field = model._meta.get_field(name)
        if not hasattr(value, "resolve_expression"):
            plain[field.attname] = value.pk if isinstance(value, models.Model) else field.to_python(value)  # type: ignore[union-attr]
    return plain


def section_joined(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """`rows` joined so that `owning_section_id` costs no query."""
    path = rows.model.section_lookup.split("__")
    # select_related() without names would follow every foreign key.
    return rows.select_related("__".join(path[:-1])) if len(path) > 1 else rows


def with_section(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """`rows` joined with their sections, so that evaluating permissions costs no query for the section."""
    relation = rows.model.section_lookup.removesuffix("_id")
    return rows.select_related(relation) if relation.endswith("section") else rows


ContentManager = models.Manager.from_queryset(ContentQuerySet)


class ContentModel(models.Model):
    """Content: its changes are recorded in the audit log, and belong to a section.

    Every save increments `version`, and raises Stale if somebody else changed the row since it was loaded. Every write but
    raw SQL is recorded field by field. Subclasses set the class attributes below.
    """

    # The path to the id of the section.
    section_lookup: ClassVar[str] = "section_id"
    # The permission to see rows that are not public.
    view_permission: ClassVar[str] = "view_details"
    # The rows that everybody may see; None: no row is public.
    public_when: ClassVar[Q | None] = None
    # Attribute names of personal values. Copies of them are encrypted, and they are never logged.
    personal: ClassVar[frozenset[str]] = frozenset()
    # Attribute names of random values, such as a generated label. They are recorded, but not part of an action's digest.
    chance: ClassVar[frozenset[str]] = frozenset()
    # Relations that most actions on the row use. The runner loads them when it locks the row.
    loaded_along: ClassVar[tuple[str, ...]] = ()

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = ContentManager()

    class Meta:
        abstract = True
        # Reverse adds, SET_NULL and refreshes use the base manager. With the default one, they would not be recorded.
        base_manager_name = "objects"

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        """The rows that `actor` may see in any section because they are their own; None if there are none."""
        return None

    @classmethod
    def gone(cls, pk: Any) -> DomainError:
        """The error for a row that was deleted since it was loaded."""
        return NotFound(f"This {cls._meta.verbose_name} was deleted.")

    @property
    def owning_section_id(self) -> int | None:
        """The id of the section that the row belongs to, along `section_lookup`."""
        return changes.section_id_of(self)

    @property
    def section_along(self) -> Any | None:
        """The section, if it was loaded with the row (see `with_section`); None if reading it would cost a query."""
        related: Any = self
        for step in self.section_lookup.removesuffix("_id").split("__"):
            related = related._state.fields_cache.get(step)
            if related is None:
                return None
        return related

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
            # Only the named columns were loaded. Values set on other attributes are not stored yet.
            loaded = {self._meta.get_field(name).attname for name in names}  # type: ignore[union-attr]
            self._loaded = getattr(self, "_loaded", {}) | {name: fresh[name] for name in loaded if name in fresh}

    def assign(self, values: Mapping[str, Any]) -> None:
        """Set these attributes, without saving."""
        for name, value in values.items():
            setattr(self, name, value)

    def check_values(self, names: Collection[str] | None = None) -> None:
        """Check the new values, of the columns `names` or of all. Every save calls it, since SQLite enforces less.

        Unchanged values are not checked, so that old rows can still be changed after a rule became stricter. Foreign keys
        are left to the database.

        Raises: Invalid with an error for each field: `required`, `max_length`, `null_character`, `control_character`,
        `invalid_choice`, and the codes of the fields' validators.
        """
        loaded = {} if self._state.adding else getattr(self, "_loaded", {})
        all_of(problems_of(self, loaded, names))

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        now: datetime = runs.instant()
        adding = self._state.adding
        update_fields = kwargs.get("update_fields")
        if adding:
            # Never Django's update of an existing key: it would be recorded as a creation.
            if kwargs.get("force_update") or update_fields is not None:
                raise ValueError("Load a row before you change it.")
            kwargs["force_insert"] = True
            self.check_values()
            self.created_at = self.updated_at = now
        else:
            self._load_before()
            # Only the changed columns: to write all forty takes half the time of a save.
            changed = self._changed() if update_fields is None else frozenset(update_fields)
            self.check_values(changed)
            if update_fields is None and not self._changed():
                # A new version without a change would make the copies of other callers stale.
                return
            # With `update_fields`, only columns that are computed from others are added to them.
            always = _computed_on_save if update_fields is None else _derived
            kwargs["update_fields"] = changed | always(type(self)) | {"version", "updated_at"}
            self.updated_at = now
        seen_version = self.version
        if not adding:
            self.version = seen_version + 1
        self._seen_version = None if adding else seen_version
        seen_values = self.__dict__.get("_loaded")
        using = kwargs.get("using")
        try:
            # One transaction for the row and its recorded change. Inside an action it is already open.
            if transaction.get_connection(using).in_atomic_block:
                self._save_and_record(adding, args, kwargs)
            else:
                with transaction.atomic(using=using):
                    self._save_and_record(adding, args, kwargs)
        except BaseException:
            # Reset, so that another attempt writes the same columns.
            self.version = seen_version
            if seen_values is not None:
                self._loaded = seen_values
            raise

    def _load_before(self) -> None:
        """Load the stored values of deferred columns that were set, as values before the change."""
        loaded = self.__dict__.setdefault("_loaded", {})
        if unknown := [n for n in changes.tracked(type(self)) if n not in loaded and n in self.__dict__]:
            loaded.update(type(self)._base_manager.filter(pk=self.pk).values(*unknown).first() or {})

    def _changed(self) -> frozenset[str]:
        """The names of the fields whose values differ from the loaded ones."""
        values, loaded = self.__dict__, self._loaded
        return frozenset(
            name
            for name, attname in _columns(type(self))
            if attname in values and not _same(loaded.get(attname, _ABSENT), values[attname])
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
        # The version in the WHERE clause prevents lost updates without a lock from read to write.
        unchanged = base_qs.filter(version=self._seen_version)
        # A bool; from Django 6, the returned rows.
        if updated := super()._do_update(unchanged, *args, **kwargs):
            return updated
        raise Stale(
            f"Somebody else has changed or deleted this {self._meta.verbose_name}. Load it again and repeat.",
            data={"object_type": self._meta.label_lower, "object_id": str(self.pk)},
        )

    _loaded: dict[str, Any]
    _seen_version: int | None


def _watch_deletes(sender: type[models.Model], **_: Any) -> None:
    # One receiver per model: a receiver without a sender would disable fast deletes for all models.
    if issubclass(sender, ContentModel) and not sender._meta.abstract:
        post_delete.connect(_record_delete, sender=sender, dispatch_uid="recorder")


def _record_delete(sender: type[ContentModel], instance: ContentModel, **_: Any) -> None:
    recording.record_deleted(instance)


class_prepared.connect(_watch_deletes)


@cache
def _columns(model: type[ContentModel]) -> tuple[tuple[str, str], ...]:
    """The name and attribute name of each field that a save may write."""
    fields = (field for field in model._meta.concrete_fields if not field.primary_key)
    return tuple((field.name, field.attname) for field in fields if field.attname not in ("version", "updated_at"))


@cache
def _derived(model: type[ContentModel]) -> frozenset[str]:
    """The fields that are computed from other columns."""
    return frozenset(field.name for field in model._meta.concrete_fields if getattr(field, "derived", False))


@cache
def _computed_on_save(model: type[ContentModel]) -> frozenset[str]:
    """The fields whose `pre_save` computes or prepares a value."""
    plain = {kind.pre_save for kind in (models.Field, models.DateField, models.DateTimeField, models.TimeField)}
    return frozenset(
        field.name
        for field in model._meta.concrete_fields
        if type(field).pre_save not in plain or getattr(field, "auto_now", False)
    )


def _same(first: Any, second: Any) -> bool:
    # 1 == True in Python, but not in JSON.
    return bool(first == second) and (not isinstance(first, list | dict) or repr(first) == repr(second))
