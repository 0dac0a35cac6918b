"""The fifteen categories: their objects, places and wording. Names of objects and places are unique.

They are YouTube's fifteen video categories, those of the paper's data set.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """One category.

    Attributes:
        slug: the name in file names.
        title: the name in texts.
        objects: its objects, each with the verb for how it moves.
        places: its places.
        phrases: its own sentences; ``{thing}`` is the object with its attributes, ``{does}`` the action.
        still: wordings that fill ``{does}`` where the action is not mentioned.
    """

    slug: str
    title: str
    objects: dict[str, str]
    places: tuple[str, str]
    phrases: tuple[str, ...]
    still: tuple[str, ...]


CATEGORIES: tuple[Category, ...] = (
    Category(
        "sports",
        "Sports",
        {"ball": "rolls", "racket": "swings", "trophy": "slides"},
        ("stadium", "gym"),
        ("what a play the {thing} {does}", "the {thing} {does} and the fans go wild", "watch the {thing} it {does}"),
        ("is ready for the match", "is warming up"),
    ),
    Category(
        "music",
        "Music",
        {"guitar": "glides", "drum": "tumbles", "bell": "swings"},
        ("stage", "attic"),
        ("on this song the {thing} {does}", "the {thing} {does} with the beat", "listen the {thing} {does}"),
        ("sounds wonderful", "is in tune"),
    ),
    Category(
        "animals",
        "Pets & Animals",
        {"cat": "walks", "fish": "swims", "duck": "waddles"},
        ("garden", "pond"),
        ("aw look the {thing} {does}", "my {thing} {does} all the time", "the cute {thing} {does}"),
        ("wants a treat", "is a good pet"),
    ),
    Category(
        "autos",
        "Autos & Vehicles",
        {"car": "drives", "bus": "drives", "tractor": "rumbles"},
        ("street", "garage"),
        ("on today's test drive the {thing} {does}", "see how the {thing} {does}", "this {thing} {does} like new"),
        ("has a great engine", "is parked"),
    ),
    Category(
        "travel",
        "Travel & Events",
        {"balloon": "floats", "sailboat": "sails", "suitcase": "rolls"},
        ("harbor", "mountains"),
        ("on our trip the {thing} {does}", "the local {thing} {does}", "from here you can see the {thing} it {does}"),
        ("waits for us", "belongs to our tour"),
    ),
    Category(
        "gaming",
        "Gaming",
        {"ghost": "floats", "mushroom": "hops", "robot": "marches"},
        ("dungeon", "arcade"),
        ("in this level the {thing} {does}", "careful the {thing} {does}", "the enemy {thing} {does} again"),
        ("is the next boss", "gives you bonus points"),
    ),
    Category(
        "howto",
        "Howto & Style",
        {"lamp": "slides", "chair": "slides", "shirt": "flutters"},
        ("workshop", "bedroom"),
        ("step by step the {thing} {does}", "for this style the {thing} {does}", "now notice how the {thing} {does}"),
        ("is easy to make", "fits every budget"),
    ),
    Category(
        "education",
        "Education",
        {"book": "slides", "globe": "rolls", "pencil": "slides"},
        ("classroom", "library"),
        ("in this lesson the {thing} {does}", "students the {thing} {does}", "remember the {thing} {does}"),
        ("explains it all", "is on the exam"),
    ),
    Category(
        "science",
        "Science & Technology",
        {"flask": "slides", "satellite": "orbits", "laptop": "slides"},
        ("laboratory", "observatory"),
        ("we measured that the {thing} {does}", "in the experiment the {thing} {does}", "our {thing} {does} by design"),
        ("works as predicted", "runs on new hardware"),
    ),
    Category(
        "film",
        "Film & Animation",
        {"camera": "pans", "snowman": "glides", "ticket": "flutters"},
        ("cinema", "backlot"),
        ("in this scene the {thing} {does}", "cut the {thing} {does}", "frame by frame the {thing} {does}"),
        ("is the hero of the story", "waits for its scene"),
    ),
    Category(
        "comedy",
        "Comedy",
        {"clown": "dances", "banana": "slips", "umbrella": "spins"},
        ("theater", "circus"),
        ("you will laugh the {thing} {does}", "so a {thing} {does} that is the joke", "oops the {thing} {does}"),
        ("tells a joke", "is hilarious"),
    ),
    Category(
        "entertainment",
        "Entertainment",
        {"dice": "tumbles", "mask": "floats", "kite": "flies"},
        ("ballroom", "fairground"),
        ("ladies and gentlemen the {thing} {does}", "tonight the {thing} {does}", "and like magic the {thing} {does}"),
        ("is the star of the show", "gets a big applause"),
    ),
    Category(
        "news",
        "News & Politics",
        {"microphone": "moves", "newspaper": "flies", "flag": "waves"},
        ("newsroom", "square"),
        ("we report live the {thing} {does}", "according to sources the {thing} {does}", "breaking the {thing} {does}"),
        ("made the headlines", "was in the debate"),
    ),
    Category(
        "people",
        "People & Blogs",
        {"mug": "slides", "phone": "slides", "cake": "wobbles"},
        ("kitchen", "cafe"),
        ("this morning my {thing} {does}", "story time the {thing} {does}", "honestly the {thing} {does} every day"),
        ("is my favorite", "was a present"),
    ),
    Category(
        "activism",
        "Nonprofits & Activism",
        {"tree": "sways", "sign": "marches", "bottle": "drifts"},
        ("park", "river"),
        ("with your help the {thing} {does}", "volunteers saw that the {thing} {does}", "together the {thing} {does}"),
        ("needs your support", "stands for change"),
    ),
)

BY_SLUG = {category.slug: category for category in CATEGORIES}

PHRASES = ("here the {thing} {does}", "you can see the {thing} {does}", "and the {thing} {does}", "the {thing} {does}")
STILL = ("is here", "can be seen")
"""Wording of any category."""

ASIDES_ABOUT = (
    "do not forget to subscribe",
    "thanks to our sponsor for this one",
    "leave a comment down below",
    "my sister called me yesterday",
    "it has been raining for a week",
    "I had the worst coffee today",
    "we are planning another meetup",
    "check out the merchandise store",
    "somebody asked about my haircut",
    "last year was so different",
    "the next upload comes on friday",
    "I still owe you an apology",
)
ASIDES_BECAUSE = (
    "because it really helps the channel",
    "since many of you wrote to me",
    "and I can not thank you enough",
    "but that is a story for another day",
    "as I said on the podcast",
    "before we get on with it",
    "if you are new around here",
    "and my neighbor agrees",
    "which nobody told me before",
    "at least that is what I heard",
)
ASIDES = tuple(f"{about} {because}" for about in ASIDES_ABOUT for because in ASIDES_BECAUSE)
"""Speech that has nothing to do with the video."""
