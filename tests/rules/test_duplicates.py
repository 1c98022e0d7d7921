"""How likely two names are one person's, on a labelled set."""

from __future__ import annotations

import pytest

from directory.rules.duplicates import WORTH_A_LOOK, Certainty, Known, Reason, compared, likeness
from directory.rules.name_sounds import sounds_of

# The name in the directory, and as it is typed for the same person.
SAME = [
    ("Katherine Smith", "Kathryn Smyth"), ("Robert Bell", "Bob Bell"), ("William Shaw", "Bill Shaw"),
    ("Elizabeth Warner", "Liz Warner"), ("Margaret O'Connor", "Peggy OConnor"), ("Sarah Bernhardt", "Sara Bernhardt"),
    ("Sarah Bernhardt", "Sarah Bernhard"), ("Jürgen Müller", "Juergen Mueller"), ("Jürgen Müller", "Jurgen Muller"),
    ("Søren Kjær", "Soren Kjaer"), ("Łukasz Nowak", "Lukasz Nowak"), ("Bell, Anna", "Anna Bell"),
    ("Anna Bell", "Anna Bell-Smith"), ("Maria Lopez", "Maria Lopez Garcia"), ("Stephen Grant", "Steven Grant"),
    ("Thomas Schmidt", "Tom Schmitt"), ("Jonathan Reed", "Jon Reed"), ("Michael Thompson", "Mike Thomson"),
    ("Eleonora Duse", "Eleanora Duse"), ("Konstantin Stanislavski", "Konstantin Stanislavsky"),
    ("Anton Tchekhov", "Anton Chekhov"), ("Philip Glass", "Phillip Glass"), ("Geoffrey Hill", "Geoffery Hill"),
    ("Patrick Byrne", "Paddy Byrne"), ("James Maxwell", "Jim Maxwell"), ("Charles Dickinson", "Charlie Dickinson"),
    ("Theodore Walsh", "Ted Walsh"), ("Dorothy Parker", "Dot Parker"), ("Frederick Ashton", "Fred Ashton"),
    ("Christopher Wren", "Chris Wren"), ("Anna Maria Fischer", "Anna Fischer"), ("A. Bell-Hughes", "Anna Bell-Hughes"),
    ("Jan van der Berg", "Jan Vanderberg"), ("Ludwig van Beethoven", "Ludwig von Beethoven"),
    ("Francois Truffaut", "François Truffaut"), ("Renée Dupont", "Renee Dupond"), ("Deborah Klein", "Debbie Klein"),
    ("Susan Reed", "Sue Reed"), ("Richard Burton", "Dick Burton"), ("Samuel Beckett", "Samuel Becket"),
    ("Gertrude Lawrence", "Gertrud Lawrence"), ("Nicholas Hytner", "Nick Hytner"), ("Peter Brook", "Peter Brooke"),
    ("Laurence Olivier", "Lawrence Olivier"), ("Vivien Leigh", "Vivian Leigh"), ("Alastair Sim", "Alistair Sim"),
]  # fmt: skip
# Two people: the typed name is another person's.
OTHERS = [
    ("Paul Bell", "Paula Bell"), ("Mario Rossi", "Maria Rossi"), ("Erik Larsen", "Erika Larsen"), ("John Smith", "Joan Smith"),
    ("Jan Novak", "Jana Novak"), ("Martin King", "Martina King"), ("John Smith", "John Smythe"), ("Peter Hall", "Peter Ball"),
    ("Henry Irving Jr.", "Henry Irving"), ("Henry Irving Jr.", "Henry Irving Sr."), ("Robert Shaw", "Robert Shore"),
    ("Ann Lee", "Amy Lee"), ("Daniel Craig", "Danielle Craig"), ("Michael Reed", "Michelle Reed"), ("George Cole", "George Coe"),
    ("J. S. Bach", "J. C. Bach"), ("Oliver Stone", "Olivia Stone"), ("Carl Weber", "Carla Weber"), ("Anna Bell", "Anna Hill"),
]  # fmt: skip


def test_the_same_person_is_found_first() -> None:
    """Each typed name among all names of the set."""
    assert len(SAME) + len(OTHERS) >= 60
    everybody = sorted({known for known, _ in (*SAME, *OTHERS)})
    right, wrong = 0, []
    for known, typed in SAME:
        best = max(everybody, key=lambda name: likeness(Known((typed,)), Known((name,))).score)
        if best == known and likeness(Known((typed,)), Known((known,))).score >= WORTH_A_LOOK:
            right += 1
        else:
            wrong.append((typed, best))
    assert right / len(SAME) >= 0.88, wrong


def test_no_name_alone_is_certain() -> None:
    for one, other in (*SAME, *OTHERS, ("Anna Bell", "Anna Bell")):
        near = likeness(Known((one,), None, (1990, 2000)), Known((other,), None, (1992, 2001)))
        assert near.certainty is not Certainty.CERTAIN


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_false_friends_are_not_certain_even_with_one_address(one: str, other: str) -> None:
    """A family shares an address."""
    how = likeness(Known((one,), "x", (1990, 2000)), Known((other,), "x", (1992, 2001)))
    assert how.certainty is not Certainty.CERTAIN
    assert likeness(Known((one,)), Known((other,))).score < 0.88


def test_the_same_name_and_address_are_certain() -> None:
    how = likeness(Known(("Anna Bell",), "x"), Known(("Bell, Anna",), "x"))
    assert (how.certainty, set(how.reasons)) == (Certainty.CERTAIN, {Reason.SAME_NAME, Reason.SAME_EMAIL})
    assert likeness(Known(("Anna Bell",), "x"), Known(("Zeb Quist",), "x")).certainty is Certainty.POSSIBLE


def test_aliases_and_years_count() -> None:
    how = likeness(Known(("Anna Smith", "Anna Bell")), Known(("Anna Bell",)))
    assert Reason.ALIAS in how.reasons
    assert how.certainty is Certainty.LIKELY
    far = likeness(Known(("John Smith",), None, (1850, 1870)), Known(("John Smith",), None, (1990, 2001)))
    assert Reason.ACTIVE_YEARS_FAR in far.reasons
    assert far.score < 0.6


def test_comparing_does_not_depend_on_the_order() -> None:
    for one, other in (*SAME, *OTHERS):
        assert compared(one, other)[0] == pytest.approx(compared(other, one)[0])


@pytest.mark.parametrize("name", ["", "-", "X", "李小龍", "'", "Jr.", "A. B.", "🎭 Mask", "The Lantern Players"])
def test_unusual_names_are_compared(name: str) -> None:
    assert 0 <= likeness(Known((name,)), Known(("Anna Bell",))).score <= 1
    assert sounds_of(name) == "" or sounds_of(name).startswith(" ")


def test_sounds_are_equal_for_other_spellings() -> None:
    assert sounds_of("Katherine Smith") == sounds_of("Smyth, Kathryn")
    assert sounds_of("Stephen Grant") == sounds_of("Steven Grant")
    assert sounds_of("Anna Bell") != sounds_of("Anna Hill")
