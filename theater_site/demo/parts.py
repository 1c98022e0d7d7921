"""The scenes of the demo's first play, its departments, and the cast changes during its run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from accounts.approvals.services.submissions import approve_submission
from accounts.models import Section
from directory.models import Credit, CreditKind, Person
from directory.rules.holdings import Holding
from directory.services.casting import change_cast
from directory.services.credits import add_credit
from productions.models import Character, Job, Production
from productions.services.departments import create_department
from productions.services.scenes import create_scene, set_characters
from theater_site.core.actions import Submitted
from theater_site.core.actors import Actor

PLAY = "Twelfth Night"
DEPARTMENTS = {
    "Stage management": ("Stage manager", "Assistant stage manager", "Props"),
    "Lighting": ("Lighting operator",),
    "Wardrobe": ("Wardrobe",),
}
# Number, title, place, songs, characters.
SCENES = (
    ("I.1", "If music be the food of love", "Duke Orsino's palace", (), ("Orsino",)),
    ("I.2", "What country, friends, is this?", "The seacoast", (), ("Viola",)),
    ("I.3", "Sir Andrew is presented", "Olivia's house", (), ("Sir Toby Belch", "Sir Andrew Aguecheek", "Maria")),
    ("I.5", "The messenger", "Olivia's house", (), ("Maria", "Feste", "Olivia", "Malvolio", "Sir Toby Belch", "Viola")),
    ("II.1", "Saved from the sea", "The seacoast", (), ("Sebastian",)),
    ("II.3", "Cakes and ale", "Olivia's house", ("O Mistress Mine",),
     ("Sir Toby Belch", "Sir Andrew Aguecheek", "Feste", "Maria", "Malvolio")),
    ("II.4", "Patience on a monument", "Duke Orsino's palace", ("Come Away, Death",), ("Orsino", "Viola", "Feste")),
    ("II.5", "The letter", "Olivia's garden", (), ("Sir Toby Belch", "Sir Andrew Aguecheek", "Malvolio", "Maria")),
    ("III.4", "Yellow stockings", "Olivia's garden", (),
     ("Olivia", "Maria", "Malvolio", "Sir Toby Belch", "Viola", "Sir Andrew Aguecheek")),
    ("IV.2", "The dark house", "Olivia's house", ("Hey, Robin",), ("Maria", "Feste", "Malvolio", "Sir Toby Belch")),
    ("V.1", "One face, one voice", "Before Olivia's house", ("The Rain It Raineth Every Day",),
     ("Orsino", "Viola", "Olivia", "Sebastian", "Feste", "Malvolio", "Sir Toby Belch", "Sir Andrew Aguecheek")),
)  # fmt: skip


def departments(actor: Actor, organization: Section) -> dict[str, Job]:
    """Create the departments. Returns their jobs by name."""
    jobs: dict[str, Job] = {}
    for order, (name, job_names) in enumerate(DEPARTMENTS.items(), 1):
        department = create_department(
            actor=actor, organization=organization, fields={"name": name, "order": order, "jobs": list(job_names)}
        )
        jobs |= {job.name: job for job in department.jobs.select_related("department")}
    return jobs


def break_down(actor: Actor, production: Production) -> None:
    """Create the scenes of Twelfth Night with their characters."""
    characters = {row.name: row.pk for row in Character.objects.filter(production=production)}
    for number, title, place, songs, names in SCENES:
        scene = create_scene(
            actor=actor, production=production,
            fields={"number": number, "title": title, "place": place, "songs": list(songs)},
        )  # fmt: skip
        set_characters(actor=actor, scene=scene, characters=[characters[name] for name in names])


def play_the_run(
    production: Production,
    *,
    casting: Actor,
    stage: Actor,
    director: Callable[[], Actor],
    understudy: Person,
    newcomer: Person,
    opens: dt.date,
) -> None:
    """Add an understudy who goes on once, and recast a part in the second week.

    The stage manager submits the cast change, and the director approves it.
    """
    parts = {row.name: row for row in Character.objects.filter(production=production).select_related("production")}
    held = {row.character_id: row for row in Credit.objects.filter(production=production, kind=CreditKind.CAST)}
    viola, malvolio = parts["Viola"], parts["Malvolio"]
    add_credit(
        actor=casting, production=production, person=understudy,
        fields={"character": viola, "holding": Holding.UNDERSTUDY, "billing_order": 50},
    )  # fmt: skip
    ill = (opens + dt.timedelta(days=15)).isoformat()
    add_credit(
        actor=casting, production=production, person=understudy,
        fields={
            "character": viola, "holding": Holding.COVER, "in_place_of": held[viola.pk], "starts_on": ill, "ends_on": ill,
            "billing_order": held[viola.pk].billing_order,
        },
    )  # fmt: skip
    submitted = change_cast.submit(
        actor=stage, production=production, character=malvolio, leaves=held[malvolio.pk], person=newcomer,
        from_date=opens + dt.timedelta(weeks=1), fields={},
    )  # fmt: skip
    assert isinstance(submitted, Submitted)
    approve_submission(
        actor=director(),
        submission=submitted.submission,
        comment="Thank you for stepping in at such short notice.",
        digest=submitted.submission.token(),
    )
