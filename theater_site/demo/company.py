"""The content of the demo: a community theater, its people and its plays, which are in the public domain."""

from __future__ import annotations

from dataclasses import dataclass

ORGANIZATION = "The Lantern Players"
ZONE = "America/Chicago"

# STAFF and ACTORS name those who can sign in.
NAMES = (
    "Dora Lindqvist", "Marcus Bell", "Priya Raman", "Saoirse Kelly", "Tomás Aguilar", "Hana Okafor", "Jonas Weber",
    "Beatrice Oyelaran", "Łukasz Nowak", "Ingrid Sørensen", "Caleb Whitfield", "Mei-Ling Chu", "Ángel Ortiz",
    "Noor Haddad", "Fiona MacLeod", "Dmitri Volkov", "Grace Kimani", "Oliver Brandt", "Rosalind Pike", "Samir Patel",
    "Chloé Fournier", "Walter Jennings", "Aiko Tanaka", "Desmond Clarke", "Eleni Papadaki", "Theo Hartmann",
    "Yusra Hassan", "Patrick Doyle", "Camila Restrepo", "Björn Åkesson", "Naomi Feldman", "Rashid Karim",
    "Imogen Carter", "Viktor Šimek", "Lucia Moretti", "Henry Abara", "Judith Stein", "Kwame Boateng", "Elsa Thorsen",
    "Gabriel Santos", "Ruth Ellison", "Farid Nazari", "Marguerite Blanc", "Isaac Osei", "Tamsin Reed", "Leo Marchetti",
    "Anneke de Vries", "Josephine Hart", "Ravi Subramaniam", "Cora Bennett", "Emil Kovács", "Zainab Yusuf",
    "Arthur Penhaligon", "Sofia Lindgren", "Miles Crawford", "Olga Petrenko", "Bernard Achebe", "Wren Gallagher",
    "Hugo Castellanos", "Pearl Donovan",
)  # fmt: skip
GROUPS = ("The Lantern Chorus", "Foundry Street Band")

# role -> (e-mail address, index in NAMES, section of the role: "organization" or "season")
STAFF: dict[str, tuple[str, int, str]] = {
    "director": ("director@lantern.example", 0, "organization"),
    "production_manager": ("production@lantern.example", 1, "season"),
    "marketing_coordinator": ("marketing@lantern.example", 2, "season"),
    "stage_manager": ("stage@lantern.example", 3, "season"),
    "casting_director": ("casting@lantern.example", 4, "organization"),
    "box_office": ("boxoffice@lantern.example", 5, "season"),
    "house_manager": ("house@lantern.example", 6, "season"),
    "media_editor": ("media@lantern.example", 7, "season"),
}
# (e-mail address, index in NAMES)
ACTORS = (("lukasz@lantern.example", 8), ("ingrid@lantern.example", 9))


@dataclass(frozen=True, slots=True)
class Play:
    """A production. `opens` is in weeks after the season's first Friday; `days` are the weekdays of its rehearsals."""

    title: str
    authors: tuple[str, ...]
    genre: str
    opens: int
    stage: str
    days: str
    performances: int
    minutes: int
    short: str
    synopsis: str
    parts: tuple[str, ...]
    ages: str = ""
    advisories: str = ""
    accessibility: tuple[str, ...] = ()
    # The publisher that licenses the music, and the billing text that it requires.
    license: tuple[str, str] | None = None


PLAYS = (
    Play(
        "Twelfth Night", ("William Shakespeare",), "comedy", 6, "main", "MO,WE", 12, 150,
        "Shipwrecked, disguised and in love with the wrong person.",
        "Viola is washed ashore in Illyria, takes her brother's clothes and serves a duke who loves a countess who, before "
        "long, loves Viola. Upstairs the uncle drinks, the clown sings, and the steward finds a letter.",
        ("Viola", "Olivia", "Orsino", "Malvolio", "Sir Toby Belch", "Sir Andrew Aguecheek", "Maria", "Feste", "Sebastian"),
        ages="10+",
        advisories="A sword fight, drunkenness, and a steward who is treated badly. Haze and a short blackout.",
        accessibility=("open_captioning", "assistive_listening", "relaxed", "wheelchair"),
        license=("Harbor Lane Music", "Songs from *Illyria Airs*, performed by arrangement with Harbor Lane Music."),
    ),
    Play(
        "Cyrano de Bergerac", ("Edmond Rostand",), "drama", 13, "main", "TU,TH", 14, 160,
        "A poet, a soldier, a nose, and letters signed by somebody else.",
        "Cyrano can say everything to everybody, except to Roxane. Christian can say nothing at all, and is handsome. "
        "Between them they make one lover, and the siege of Arras makes an end of the game.",
        ("Cyrano", "Roxane", "Christian", "De Guiche", "Le Bret", "Ragueneau", "Lise", "Carbon", "Montfleury"),
    ),
    Play(
        "The Importance of Being Earnest", ("Oscar Wilde",), "comedy", 21, "box", "MO,WE", 10, 130,
        "Two men, one invented brother, and a handbag.",
        "Jack is Ernest in town, Algernon is Ernest in the country, and both young ladies have always meant to marry a man "
        "of that name. Lady Bracknell has questions.",
        ("Jack Worthing", "Algernon Moncrieff", "Lady Bracknell", "Gwendolen Fairfax", "Cecily Cardew", "Miss Prism",
         "Canon Chasuble"),
    ),
    Play(
        "The Pirates of Penzance", ("W. S. Gilbert", "Arthur Sullivan"), "operetta", 29, "main", "TU,TH", 12, 140,
        "A slave of duty, born on the wrong day.",
        "Frederic was bound to the pirates by mistake and will be free at twenty-one, unless somebody counts his birthdays. "
        "With full chorus and the Foundry Street Band.",
        ("Frederic", "Mabel", "The Pirate King", "Ruth", "Major-General Stanley", "Sergeant of Police", "Edith", "Kate",
         "Samuel"),
    ),
    Play(
        "Uncle Vanya", ("Anton Chekhov",), "drama", 36, "box", "MO,WE", 9, 145,
        "A summer on an estate where nobody has what they want.",
        "The professor comes home with a young wife, the doctor plants his forest, and Vanya counts the years that he has "
        "given to a man who deserved none of them.",
        ("Vanya", "Sonya", "Yelena", "Astrov", "Serebryakov", "Maria Vasilyevna", "Telegin", "Marina"),
    ),
)  # fmt: skip

CREATIVE = ("Director", "Set designer", "Costume designer", "Lighting designer", "Sound designer")
CREW = ("Stage manager", "Assistant stage manager", "Props", "Lighting operator", "Wardrobe")
BUYERS = ("Amelia Stone", "Reuben Katz", "Petra Novak", "Elliot Grant", "Maya Fischer", "Sean Murphy", "Lin Zhao")
