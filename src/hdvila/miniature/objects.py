"""Drawings of the 45 objects, in the language of `hdvila.miniature.paint`, on a square of 100 x 100 units.

The paint `body` is the object's colour and texture. It covers most of each object, and its centre, where the badge is.
"""

OBJECTS: dict[str, str] = {
    # sports
    "ball": "disc body 50 50 46",
    "racket": "line dark 50 60 50 97 8; oval dark 50 42 40 40; oval body 50 42 34 34",
    "trophy": (
        "oval dark 50 28 48 18; box dark 42 60 58 90; box body 25 86 75 98; poly body 18 4 82 4 72 60 50 72 28 60"
    ),
    # music
    "guitar": "line #5a3a22 50 2 50 45 9; disc body 50 46 25; disc body 50 70 29",
    "drum": (
        "line dark 8 4 38 26 5; line dark 92 4 62 26 5; box body 8 32 92 84; oval body 50 84 42 14; "
        "oval light 50 30 42 12"
    ),
    "bell": "disc dark 50 88 10; disc dark 50 8 7; poly body 50 6 70 20 78 62 96 82 4 82 22 62 30 20",
    # animals
    "cat": (
        "poly body 8 4 36 26 14 48; poly body 92 4 64 26 86 48; oval body 50 58 44 38; disc light 30 40 9; "
        "disc light 70 40 9; disc dark 30 40 4; disc dark 70 40 4; poly #b0405a 45 82 55 82 50 89"
    ),
    "fish": "poly body 2 20 2 80 34 50; oval body 58 50 41 32; disc light 82 40 8; disc dark 83 40 4",
    "duck": "disc body 70 26 23; oval body 46 66 44 31; poly #e08a20 88 22 100 30 88 36; disc dark 76 20 4",
    # autos
    "car": (
        "poly body 22 44 36 18 68 18 84 44; poly light 32 42 42 26 64 26 73 42; box body 3 42 97 76; "
        "disc dark 24 78 14; disc dark 76 78 14; disc light 24 78 6; disc light 76 78 6"
    ),
    "bus": (
        "box body 3 12 97 82; box light 9 18 28 36; box light 33 18 48 36; box light 53 18 68 36; "
        "box light 73 18 92 36; disc dark 24 84 11; disc dark 76 84 11"
    ),
    "tractor": (
        "box body 12 10 58 70; box light 20 16 48 32; box body 50 40 96 70; line dark 84 40 84 18 7; "
        "disc dark 26 76 21; disc light 26 76 10; disc dark 82 82 14; disc light 82 82 6"
    ),
    # travel
    "balloon": "line dark 32 66 42 88 3; line dark 68 66 58 88 3; disc body 50 40 38; box #8a5a30 40 84 60 98",
    "sailboat": "poly body 48 2 48 70 4 70; poly body 54 14 54 70 92 70; poly #8a5a30 4 76 96 76 80 96 20 96",
    "suitcase": (
        "line dark 36 16 36 6 6; line dark 36 6 64 6 6; line dark 64 6 64 16 6; box body 4 18 96 92; "
        "box dark 14 18 20 92; box dark 80 18 86 92"
    ),
    # gaming
    "ghost": (
        "disc body 50 42 38; box body 12 42 88 82; disc body 25 82 13; disc body 50 82 13; disc body 75 82 13; "
        "disc light 34 30 10; disc light 66 30 10; disc dark 36 31 5; disc dark 68 31 5"
    ),
    "mushroom": "box light 34 58 66 96; oval body 50 46 47 26; box body 20 14 80 46; disc body 50 30 30",
    "robot": (
        "line dark 50 12 50 2 4; disc #e04040 50 3 4; box body 22 10 78 36; box light 30 16 42 28; "
        "box light 58 16 70 28; box body 12 40 88 82; box dark 24 82 40 98; box dark 60 82 76 98"
    ),
    # howto
    "lamp": "line dark 50 60 50 92 7; box dark 28 90 72 97; poly body 34 4 66 4 94 66 6 66",
    "chair": "line #6a4526 20 70 20 98 8; line #6a4526 80 70 80 98 8; box body 14 2 86 56; box body 8 58 92 76",
    "shirt": "poly body 28 6 2 24 12 48 26 40 26 96 74 96 74 40 88 48 98 24 72 6; oval light 50 8 14 8",
    # education
    "book": (
        "poly light 6 14 50 24 94 14 94 88 50 96 6 88; poly body 2 8 47 18 47 90 2 80; "
        "poly body 98 8 53 18 53 90 98 80; box body 44 20 56 90"
    ),
    "globe": "line dark 50 84 50 94 8; box dark 26 92 74 99; disc dark 50 44 44; disc body 50 44 40",
    "pencil": (
        "poly #f0d0a0 4 96 12 68 32 88; poly dark 4 96 7 85 15 93; poly body 12 68 66 10 92 36 32 88; "
        "poly #e07080 66 10 74 2 99 27 92 36"
    ),
    # science
    "flask": "box light 38 2 62 44; poly light 38 30 62 30 98 96 2 96; poly body 30 46 70 46 94 93 6 93",
    "satellite": (
        "box #3a5aa0 0 34 26 66; box #3a5aa0 74 34 100 66; line dark 20 50 80 50 5; line dark 50 20 50 4 4; "
        "disc dark 50 5 6; box body 27 18 73 82"
    ),
    "laptop": "box body 12 8 88 70; poly light 2 76 98 76 100 92 0 92; box dark 36 82 64 87",
    # film
    "camera": "disc body 30 22 20; disc body 64 22 20; box body 8 38 78 84; poly dark 78 54 98 40 98 82 78 68",
    "snowman": (
        "disc body 50 74 25; disc body 50 44 22; disc light 50 18 16; box dark 32 2 68 6; disc dark 44 16 3; "
        "disc dark 56 16 3; poly #e08a20 50 20 66 24 50 25"
    ),
    "ticket": "box body 2 20 98 80; disc #707070 2 50 9; disc #707070 98 50 9; line light 24 24 24 76 3",
    # comedy
    "clown": (
        "disc #e07a20 12 40 15; disc #e07a20 88 40 15; disc body 50 54 40; poly body 50 0 70 24 30 24; "
        "disc light 34 38 9; disc light 66 38 9; disc dark 34 38 4; disc dark 66 38 4; line dark 32 80 50 86 4; "
        "line dark 50 86 68 80 4"
    ),
    "banana": (
        "line body 14 24 26 58 30; line body 26 58 58 78 34; line body 58 78 88 68 26; line #5a3a22 12 12 14 20 10"
    ),
    "umbrella": (
        "line dark 50 40 50 94 6; line dark 50 94 64 90 6; disc body 50 50 46; "
        "poly clear 0 58 100 58 100 100 54 100 54 58 46 58 46 100 0 100; line dark 50 58 50 94 6"
    ),
    # entertainment
    "dice": (
        "poly light 50 2 96 22 50 42 4 22; poly body 4 22 50 42 50 98 4 76; poly body 96 22 50 42 50 98 96 76; "
        "disc dark 50 22 6"
    ),
    "mask": (
        "oval body 50 50 48 34; poly body 4 40 2 12 34 28; poly body 96 40 98 12 66 28; oval dark 26 44 12 8; "
        "oval dark 74 44 12 8"
    ),
    "kite": "poly body 50 2 92 40 50 80 8 40; line dark 50 80 40 98 3; poly #e04040 34 86 48 92 36 99",
    # news
    "microphone": "line dark 50 60 50 96 12; box dark 30 92 70 99; oval body 50 36 30 34; box light 20 62 80 70",
    "newspaper": "poly light 12 4 98 4 98 90 12 90; box body 2 10 90 96; box dark 10 18 82 25",
    "flag": "line #6a4526 8 2 8 98 8; poly body 12 6 55 12 97 4 97 62 55 70 12 64",
    # people
    "mug": "ring dark 80 50 18 8; box body 8 20 76 92; oval light 42 20 34 8",
    "phone": "box dark 18 0 82 100; box body 24 10 76 86; disc light 50 93 4",
    "cake": (
        "line light 50 4 50 22 6; disc #f0a030 50 5 5; box light 8 26 92 44; disc light 20 44 8; "
        "disc light 44 44 10; disc light 72 44 9; box body 8 46 92 92; disc light 20 46 8; disc light 44 46 8; "
        "disc light 76 46 9"
    ),
    # activism
    "tree": (
        "box #6a4526 42 62 58 99; disc body 30 48 25; disc body 70 48 25; disc body 50 28 27; box body 34 40 66 66"
    ),
    "sign": "line #6a4526 50 60 50 99 7; box body 2 6 98 64",
    "bottle": "box light 38 0 62 10; box body 40 10 60 30; oval body 50 42 32 18; box body 18 42 82 96",
}
