"""Short and familiar forms of given names, so that "Bob" is compared as "Robert"."""

from __future__ import annotations

_FORMS = {
    "alexander": "alex sasha sandy xander", "alexandra": "sandra lexi", "andrew": "andy drew", "ann": "anna anne annie",
    "anthony": "tony anton", "barbara": "barb babs", "benjamin": "ben benny", "catherine": "kate katie kathy cathy kitty",
    "charles": "charlie chuck", "christine": "chris chrissy tina", "christopher": "chris topher kit", "daniel": "dan danny",
    "david": "dave davy", "deborah": "debbie deb", "dorothy": "dot dottie dolly", "edward": "ed eddie ted ned",
    "elizabeth": "liz lizzie beth betty betsy eliza lisa libby", "eugene": "gene", "frances": "fran frannie",
    "francis": "frank frankie", "frederick": "fred freddie", "gerald": "gerry jerry", "gregory": "greg",
    "henry": "harry hank hal", "jacob": "jake", "james": "jim jimmy jamie", "jennifer": "jen jenny", "john": "jack johnny",
    "jonathan": "jon jonny", "joseph": "joe joey sepp", "joshua": "josh", "judith": "judy", "katherine": "kate katie kathy kitty",
    "kenneth": "ken kenny", "lawrence": "larry laurie", "leonard": "leo len lenny", "louis": "lou louie",
    "margaret": "maggie meg peggy greta margot", "matthew": "matt", "michael": "mike mick mickey", "nathaniel": "nathan nate",
    "nicholas": "nick nicky klaus", "patricia": "pat patty trish", "patrick": "pat paddy", "peter": "pete", "philip": "phil",
    "rebecca": "becky becca", "richard": "dick rick richie rich", "robert": "bob bobby rob robbie bert",
    "ronald": "ron ronnie", "samuel": "sam sammy", "stephen": "steve stevie", "steven": "steve stevie",
    "susan": "sue susie suzy", "theodore": "ted teddy theo", "theresa": "terry tess tessa", "thomas": "tom tommy",
    "timothy": "tim timmy", "victoria": "vicky tori", "vincent": "vince vinnie", "walter": "walt wally",
    "william": "bill billy will willy liam wilhelm", "wolfgang": "wolf", "johannes": "hans hannes", "zachary": "zach zack",
}  # fmt: skip
# A form of two names ("Kate") belongs to both.
_NAMES: dict[str, frozenset[str]] = {}
for _name, _forms in _FORMS.items():
    for _form in (_name, *_forms.split()):
        _NAMES[_form] = _NAMES.get(_form, frozenset()) | {_name}


def names_of(word: str) -> frozenset[str]:
    """The full given names of a folded word: {"robert"} for "bob"; the word itself if it is in no list."""
    return _NAMES.get(word, frozenset({word}))


def forms_of(word: str) -> frozenset[str]:
    """All forms of the given names of a folded word, itself included."""
    names = names_of(word)
    return frozenset(form for form, of in _NAMES.items() if of & names) | {word}
