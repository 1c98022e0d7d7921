"""Serializers of the directory: for the public, and for those who work on it."""

from __future__ import annotations

from rest_framework import serializers

from directory.models import Alias, Consent, Credit, Person, PersonMerge


class AliasInternal(serializers.ModelSerializer[Alias]):
    """Another name of a person."""

    class Meta:
        model = Alias
        fields = ("id", "name", "internal")


class PersonPublic(serializers.ModelSerializer[Person]):
    """A person or group as everybody may see it."""

    aliases = serializers.SerializerMethodField(
        help_text='Other names of theirs that everybody may see. Example: ["Anna Smith"]'
    )

    class Meta:
        model = Person
        fields = ("id", "kind", "name", "sort_name", "pronouns", "bio", "aliases")

    def get_aliases(self, person: Person) -> list[str]:
        return sorted(alias.name for alias in person.aliases.all() if not alias.internal)


class PersonMergeRead(serializers.ModelSerializer[PersonMerge]):
    """A record that was merged into this person."""

    name = serializers.SerializerMethodField(help_text="The merged name; null after an erasure. Example: Ana Bell")
    can_undo = serializers.SerializerMethodField(help_text="Whether the merge can be undone now. Example: true")

    class Meta:
        model = PersonMerge
        fields = ("id", "old_id", "name", "merged_at", "can_undo")

    def get_name(self, merge: PersonMerge) -> str | None:
        return merge.memory["person"]["name"] if merge.memory else None

    def get_can_undo(self, merge: PersonMerge) -> bool:
        return merge.memory is not None and bool(merge.memory["survivor"] == merge.survivor_id)


class PersonInternal(serializers.ModelSerializer[Person]):
    """A person for those who work on the directory, and for the person: with contact data."""

    aliases = AliasInternal(many=True)
    merges = PersonMergeRead(many=True, help_text="The records that were merged into this one.")

    class Meta:
        model = Person
        fields = (
            *PersonPublic.Meta.fields, "version", "section", "user", "email", "phone", "published_at", "archive_key",
            "merges", "created_at", "updated_at",
        )  # fmt: skip


class PersonUnmerged(PersonInternal):
    """A person whose merge was undone, and what stayed with the survivor."""

    stayed = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        default=dict,
        help_text="Ids of moved rows that changed since and stay with the survivor, by kind. "
        'Example: {"directory.credit": [88]}',
    )

    class Meta:
        model = Person
        fields = (*PersonInternal.Meta.fields, "stayed")


class CreditPublic(serializers.ModelSerializer[Credit]):
    """A credit as the program prints it. `person` is null if they have no public page."""

    production_title = serializers.CharField(
        source="production.title", help_text="The production's title. Example: The Seagull"
    )
    name = serializers.SerializerMethodField(help_text="The name as the program prints it. Example: Anna Bell")
    person = serializers.SerializerMethodField(
        help_text="Id of the person; null if they have no public page. Example: 12"
    )

    class Meta:
        model = Credit
        fields = (
            "id", "production", "production_title", "person", "name", "kind", "role", "note", "character", "holding",
            "team", "block",
        )  # fmt: skip

    def get_name(self, credit: Credit) -> str:
        return credit.credited_as or credit.person.name

    def get_person(self, credit: Credit) -> int | None:
        return credit.person_id if credit.person.published_at is not None else None


class CreditInternal(serializers.ModelSerializer[Credit]):
    """A credit for those who work on the cast."""

    production_title = serializers.CharField(
        source="production.title", help_text="The production's title. Example: The Seagull"
    )
    name = serializers.CharField(source="person.name", help_text="The person's own name. Example: Anna Bell")

    class Meta:
        model = Credit
        fields = (
            *CreditPublic.Meta.fields, "version", "billing_order", "block_order", "credited_as", "in_place_of", "job",
            "starts_on", "ends_on", "archive_key", "created_at", "updated_at",
        )  # fmt: skip


class MostCredited(serializers.ModelSerializer[Person]):
    """A person or group, and how many public credits they have."""

    credit_count = serializers.IntegerField(help_text="The number of their credits in public productions. Example: 17")

    class Meta:
        model = Person
        fields = ("id", "kind", "name", "credit_count")


class ConsentRead(serializers.ModelSerializer[Consent]):
    """A consent, for the person and for those who work on the directory."""

    class Meta:
        model = Consent
        fields = ("id", "version", "person", "purpose", "given_at", "withdrawn_at", "note")
