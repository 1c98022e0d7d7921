"""How casts, programs and histories look in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class HolderRead(serializers.Serializer[Any]):
    """Somebody who holds a part. `person` is null where you may not see the person; `plays` where no day was asked for."""

    credit = serializers.IntegerField(help_text="Id of the credit by which they hold the part. Example: 31")
    person = serializers.IntegerField(
        allow_null=True,
        help_text="Id of the person; null where they have no public page, unless you may see them. Example: 12",
    )
    name = serializers.CharField(help_text="The name as the program prints it. Example: Anna Bell")
    holding = serializers.CharField(help_text="How they hold it; empty where nothing is said. Example: understudy")
    team = serializers.CharField(
        help_text="Which of several casts that alternate; empty where there is one. Example: Red"
    )
    in_place_of = serializers.IntegerField(
        allow_null=True, help_text="Id of the credit that this one took over; null where it took over none. Example: 30"
    )
    starts_on = serializers.CharField(
        help_text="From which day, partial dates too; empty is from the start of the run. Example: 2027-03-20"
    )
    ends_on = serializers.CharField(
        help_text="Until which day, partial dates too; empty is to the end of the run. Example: 2027-04-01"
    )
    note = serializers.CharField(help_text="What the program prints beside it. Example: from 1 May")
    plays = serializers.BooleanField(
        allow_null=True,
        help_text="True where they play it on the day that was asked about; null where none was. Example: true",
    )


class HoldersRead(serializers.Serializer[Any]):
    """Who holds one part: that day, or ever."""

    character = serializers.IntegerField(help_text="Id of the part. Example: 8")
    on = serializers.DateField(
        allow_null=True, help_text="The day that was asked about; null where none was. Example: 2027-03-20"
    )
    holders = HolderRead(many=True, help_text="Who holds the part, in billing order.")


class PartRead(serializers.Serializer[Any]):
    """A part and who holds it. `character` is null where only the role is printed."""

    character = serializers.IntegerField(
        allow_null=True, help_text="Id of the part; null where only its name is printed. Example: 8"
    )
    part = serializers.CharField(help_text="The part as the program prints it. Example: Nina")
    holders = HolderRead(many=True, help_text="Who holds the part, in billing order.")


class CastRead(serializers.Serializer[Any]):
    """The cast in billing order: that day's, or everybody of the run."""

    production = serializers.IntegerField(help_text="Id of the production. Example: 12")
    on = serializers.DateField(
        allow_null=True, help_text="The day that was asked about; null where none was. Example: 2027-03-20"
    )
    parts = PartRead(many=True, help_text="The parts in billing order.")


class TeamRead(serializers.Serializer[Any]):
    """One of several casts that alternate, and its days."""

    team = serializers.CharField(help_text="The team, as credits name it. Example: Red")
    dates = serializers.ListField(
        child=serializers.DateField(), help_text='The days on which it plays. Example: ["2027-03-14", "2027-03-16"]'
    )


class TeamsRead(serializers.Serializer[Any]):
    """Which days belong to which of the casts that alternate."""

    production = serializers.IntegerField(help_text="Id of the production. Example: 12")
    teams = TeamRead(many=True, help_text="The teams by name.")


class EntryRead(serializers.Serializer[Any]):
    """One line of the program."""

    role = serializers.CharField(help_text="The part or job. Example: Nina")
    names = serializers.ListField(
        child=serializers.CharField(), help_text='Who plays or does it. Example: ["Anna Bell"]'
    )
    note = serializers.CharField(help_text="What is printed beside it; empty where nothing is. Example: from 1 May")


class BlockRead(serializers.Serializer[Any]):
    """The lines of the program below one heading."""

    title = serializers.CharField(help_text="The heading. Example: Creative team")
    entries = EntryRead(many=True, help_text="What is printed below it, in order.")


class SlipRead(serializers.Serializer[Any]):
    """A part that is played by others than on the first night. `reason`: "cover" (at this performance) or "replacement"
    (from then on)."""

    role = serializers.CharField(help_text="The part. Example: Nina")
    usually = serializers.ListField(
        child=serializers.CharField(), help_text='Who played it on the first night. Example: ["Anna Bell"]'
    )
    plays = serializers.ListField(
        child=serializers.CharField(), help_text='Who plays it that day. Example: ["Bea Moss"]'
    )
    reason = serializers.ChoiceField(
        choices=["cover", "replacement"],
        help_text="`cover` at this performance, `replacement` from then on. Example: cover",
    )


class ProgramSceneRead(serializers.Serializer[Any]):
    """A scene as the program prints it."""

    number = serializers.CharField(help_text="The scene's number as the script has it. Example: 2.3")
    title = serializers.CharField(help_text="Its title; may be empty. Example: The letter")
    place = serializers.CharField(help_text="Where it plays; may be empty. Example: A garden by the lake")
    songs = serializers.ListField(
        child=serializers.CharField(), help_text='The songs in it. Example: ["Mack the Knife"]'
    )


class BioRead(serializers.Serializer[Any]):
    """A biography as the program prints it."""

    name = serializers.CharField(help_text="The name as the program prints it. Example: Anna Bell")
    text = serializers.CharField(help_text="Who they are; Markdown. Example: Anna joined in 2019.")


class ProgramPerformanceRead(serializers.Serializer[Any]):
    """A performance of the day, in wall time."""

    date = serializers.DateField(help_text="The day at the venue. Example: 2027-03-14")
    start = serializers.TimeField(
        allow_null=True,
        help_text="When it starts, in wall time at the venue; null where it is not known. Example: 19:30:00",
    )
    venue = serializers.CharField(help_text="The venue's name. Example: Lantern Theater")


class ProgramRead(serializers.Serializer[Any]):
    """The program of a date: blocks in the order of print, what differs from the first night, biographies in Markdown."""

    title = serializers.CharField(help_text="The production's title. Example: The Seagull")
    subtitle = serializers.CharField(help_text="Its subtitle; may be empty. Example: A comedy in four acts")
    authors = serializers.ListField(child=serializers.CharField(), help_text='Who wrote it. Example: ["Anton Chekhov"]')
    adaptors = serializers.ListField(child=serializers.CharField(), help_text="Who adapted it. Example: []")
    translators = serializers.ListField(
        child=serializers.CharField(), help_text='Who translated it. Example: ["Michael Frayn"]'
    )
    composers = serializers.ListField(child=serializers.CharField(), help_text="Who wrote the music. Example: []")
    lyricists = serializers.ListField(
        child=serializers.CharField(), help_text="Who wrote the words of the songs. Example: []"
    )
    choreographers = serializers.ListField(
        child=serializers.CharField(), help_text="Who choreographed the original. Example: []"
    )
    billing = serializers.ListField(
        child=serializers.CharField(), help_text="words that authors and license houses require, in Markdown"
    )
    performances = ProgramPerformanceRead(many=True, help_text="The performances of the day.")
    company = serializers.CharField(
        help_text="Who plays, where it is not this theater itself; may be empty. Example: The Traveling Players"
    )
    on = serializers.DateField(
        allow_null=True, help_text="The day that was asked about; null where none was. Example: 2027-03-20"
    )
    running_minutes = serializers.IntegerField(
        allow_null=True,
        help_text="How long it plays in minutes, intermissions included; null where it is not known. Example: 150",
    )
    intermissions = serializers.IntegerField(
        allow_null=True, help_text="How many intermissions it has; null where it is not known. Example: 1"
    )
    content_advisories = serializers.CharField(
        help_text="What an audience should know before it comes; Markdown. Example: Strobe lights."
    )
    slip = SlipRead(many=True, help_text="The parts that others play than on the first night.")
    scenes = ProgramSceneRead(many=True, help_text="The scenes in their order.")
    blocks = BlockRead(many=True, help_text="What is printed, in order.")
    bios = BioRead(many=True, help_text="Who plays and who made it.")


class WorkRead(serializers.Serializer[Any]):
    """One credit of somebody."""

    credit = serializers.IntegerField(help_text="Id of the credit. Example: 31")
    kind = serializers.CharField(help_text="Whether it is a part in the cast or a job in the crew. Example: cast")
    role = serializers.CharField(help_text="The part or job as the program prints it. Example: Nina")
    note = serializers.CharField(help_text="What the program prints beside it. Example: from 1 May")
    holding = serializers.CharField(help_text="How a part was held; empty where nothing is said. Example: understudy")
    name = serializers.CharField(help_text="The name as the program prints it. Example: Anna Bell")
    starts_on = serializers.CharField(
        help_text="From which day, partial dates too; empty is from the start of the run. Example: 2027-03-20"
    )
    ends_on = serializers.CharField(
        help_text="Until which day, partial dates too; empty is to the end of the run. Example: 2027-04-01"
    )


class WorkedOnRead(serializers.Serializer[Any]):
    """A production that somebody worked on."""

    production = serializers.IntegerField(help_text="Id of the production. Example: 12")
    slug = serializers.CharField(help_text="The production's part of the website's address. Example: the-seagull")
    title = serializers.CharField(help_text="The production's title. Example: The Seagull")
    opens_on = serializers.CharField(
        help_text="The day of its first performance, partial dates too; may be empty. Example: 2027-03-14"
    )
    closes_on = serializers.CharField(
        help_text="The day of its last performance, partial dates too; may be empty. Example: 2027-04"
    )
    credits = WorkRead(many=True, help_text="What they did in it.")


class PersonHistoryRead(serializers.Serializer[Any]):
    """What somebody has done, production by production, the latest first."""

    person = serializers.IntegerField(help_text="Id of the person. Example: 12")
    count = serializers.IntegerField(help_text="of credits")
    productions = WorkedOnRead(many=True, help_text="What they worked on, the latest first.")
