"""Drawings of the 30 places, in the language of `hdvila.miniature.paint`, on 150 x 100 units.

Colours are soft and shapes large, so that objects stand out and nothing is as fine as a texture.
"""

PLACES: dict[str, str] = {
    # sports
    "stadium": (
        "fade #7fa8d8 #cfe3f5 0 45; box #8d8796 0 22 150 45; fade #a59fae #7d7786 22 45; "
        "fade #7fb86a #5f9c50 45 100; line #e8f2e4 0 58 150 58 1.2; line #e8f2e4 75 45 75 100 1.2; "
        "ring #e8f2e4 75 72 18 1.2; line #d8d8d8 12 4 12 40 2; box #fff6d0 4 2 20 10; "
        "line #d8d8d8 138 4 138 40 2; box #fff6d0 130 2 146 10"
    ),
    "gym": (
        "fade #e2d3b8 #d2c0a0 0 62; fade #c59560 #a87a48 62 100; box #b9c9d6 10 10 40 34; "
        "box #b9c9d6 110 10 140 34; box #b8ac98 60 6 90 26; ring #c87840 75 30 6 1.6; "
        "line #e9d9b5 0 78 150 78 1.4"
    ),
    # music
    "stage": (
        "fade #3a2a4e #5b3f70 0 72; poly #8a6aa0 30 0 44 0 70 72 10 72; poly #8a6aa0 106 0 120 0 140 72 80 72; "
        "fade #7a5236 #5c3c26 72 100; poly #8c2f3c 0 0 14 0 8 72 0 72; poly #8c2f3c 136 0 150 0 150 72 142 72"
    ),
    "attic": (
        "fade #b08a64 #9a7652 0 70; poly #6e5238 0 0 50 0 0 50; poly #6e5238 150 0 100 0 150 50; "
        "disc #bcd6ea 75 22 13; line #6e5238 62 22 88 22 2; line #6e5238 75 9 75 35 2; "
        "fade #8a6a48 #70543a 70 100"
    ),
    # animals
    "garden": (
        "fade #a8d4f0 #d8eefa 0 52; fade #8cc474 #6aa656 52 100; box #d8c8a8 0 40 150 44; "
        "line #d8c8a8 15 34 15 54 4; line #d8c8a8 45 34 45 54 4; line #d8c8a8 75 34 75 54 4; "
        "line #d8c8a8 105 34 105 54 4; line #d8c8a8 135 34 135 54 4; disc #f2d860 22 80 4; disc #e89ac0 60 90 4; "
        "disc #f2d860 118 84 4; disc #e89ac0 140 74 4"
    ),
    "pond": (
        "fade #c2e0e8 #def0f0 0 34; oval #7fa878 20 36 30 14; oval #8ab482 90 36 50 10; "
        "fade #86b8c4 #5f98ac 34 100; oval #7fb070 28 82 14 5; oval #7fb070 120 66 12 4; oval #e8b8cc 28 80 5 3; "
        "line #7a9458 140 100 144 52 2; line #7a9458 134 100 131 60 2"
    ),
    # autos
    "street": (
        "fade #b8cfe0 #dfe8ee 0 60; box #b09a90 4 14 34 60; box #9aa4b0 38 24 66 60; box #b8a890 92 10 116 60; "
        "box #a098a8 120 26 148 60; box #e8e0b8 10 20 16 28; box #e8e0b8 22 20 28 28; box #e8e0b8 98 18 103 26; "
        "box #c4c0b8 0 58 150 66; fade #6e7078 #5c5e66 66 100; line #e8e8d8 6 83 30 83 2; "
        "line #e8e8d8 60 83 86 83 2; line #e8e8d8 114 83 140 83 2"
    ),
    "garage": (
        "fade #a8aeb4 #979da4 0 68; box #c6cacc 34 8 116 68; line #a4a8ac 34 23 116 23 1; "
        "line #a4a8ac 34 38 116 38 1; line #a4a8ac 34 53 116 53 1; fade #807c78 #6a6662 68 100; "
        "box #b07848 4 40 26 68; box #8a5c38 4 52 26 54"
    ),
    # travel
    "harbor": (
        "fade #f2c8a0 #f8e4c4 0 48; disc #fff0c0 112 40 13; fade #6ea8c0 #4c88a8 48 86; "
        "line #5c4a3c 16 12 16 50 2; line #5c4a3c 16 12 40 50 1; box #a08060 0 86 150 100; "
        "line #7c6248 0 86 150 86 2; box #7c6248 30 82 36 100; box #7c6248 110 82 116 100"
    ),
    "mountains": (
        "fade #8cb8e4 #d4e8f6 0 66; poly #8890a8 -10 72 38 14 86 72; poly #f4f6fa 38 14 28 27 38 30 48 27; "
        "poly #9aa2b8 50 72 104 22 160 72; poly #f4f6fa 104 22 94 32 104 36 115 32; fade #90b880 #78a068 70 100"
    ),
    # gaming
    "dungeon": (
        "fade #4a4a58 #3a3a46 0 78; line #5a5a6a 0 20 150 20 1; line #5a5a6a 0 40 150 40 1; "
        "line #5a5a6a 0 60 150 60 1; fade #5e5850 #4a463e 78 100; disc #e89a40 16 26 6; box #7a5a3a 14 32 18 46; "
        "disc #e89a40 134 26 6; box #7a5a3a 132 32 136 46"
    ),
    "arcade": (
        "fade #2c2450 #50307a 0 70; fade #3a1c54 #281440 70 100; line #e050b0 0 70 150 70 1.4; "
        "line #a04098 40 100 62 70 1; line #a04098 110 100 88 70 1; box #28a0a8 8 24 32 70; "
        "box #183850 12 30 28 46; box #c0508a 118 24 142 70; box #401838 122 30 138 46"
    ),
    # howto
    "workshop": (
        "fade #d8c4a0 #c6b08a 0 70; box #a88a60 18 8 132 40; line #6c6c74 34 14 34 34 3; "
        "box #6c6c74 29 12 39 18; line #6c6c74 60 14 60 34 3; ring #6c6c74 90 22 8 3; "
        "line #6c6c74 116 12 116 34 3; box #8c6844 0 70 150 78; fade #9c8464 #84704e 78 100"
    ),
    "bedroom": (
        "fade #cfd8ea #bcc8de 0 72; box #fdf6dc 96 10 128 40; line #a8b0c0 112 10 112 40 1.4; "
        "line #a8b0c0 96 25 128 25 1.4; box #9a7e9c 6 48 70 74; box #efe8f2 8 42 30 54; "
        "fade #b49a84 #9c8470 72 100"
    ),
    # education
    "classroom": (
        "fade #e6dcc0 #d8ccac 0 72; box #8a6844 16 8 134 54; box #3f6450 19 11 131 51; "
        "line #c8d8cc 28 20 62 20 1.2; line #c8d8cc 28 28 52 28 1.2; ring #c8d8cc 108 28 9 1.2; "
        "fade #b89468 #a07e54 72 100"
    ),
    "library": (
        "fade #8c6c50 #7a5c42 0 80; box #5c4432 6 6 70 76; box #5c4432 80 6 144 76; box #a85050 10 10 18 30; "
        "box #5078a0 20 12 27 30; box #c0a050 29 10 40 30; box #609068 44 12 52 30; box #8868a0 54 10 64 30; "
        "box #5078a0 84 10 94 30; box #609068 96 12 104 30; box #a85050 108 10 120 30; "
        "box #c0a050 124 12 136 30; box #c0a050 10 38 20 58; box #a85050 26 40 36 58; box #5078a0 44 38 60 58; "
        "box #8868a0 86 38 98 58; box #c0a050 104 40 112 58; box #609068 118 38 138 58; "
        "fade #9c7c5c #846448 80 100"
    ),
    # science
    "laboratory": (
        "fade #dcecee #c8dee2 0 66; box #f4fafa 12 14 60 30; box #a8ccd2 14 18 34 28; box #a8ccd2 38 18 58 28; "
        "box #f4fafa 90 14 138 30; box #8cc8a8 98 18 104 29; box #d8a0a0 112 20 120 29; box #b8c4c8 0 66 150 72; "
        "fade #98aab0 #84969c 72 100"
    ),
    "observatory": (
        "fade #141c40 #303c70 0 82; fade #303c60 #303c60 82 100; "
        "disc #f4ecd0 120 22 9; disc #d8dcf0 20 14 1.2; disc #d8dcf0 46 34 1; "
        "disc #d8dcf0 74 12 1.3; disc #d8dcf0 92 42 1; disc #d8dcf0 30 52 1; disc #d8dcf0 136 52 1.2; "
        "oval #48508a 75 96 90 18; poly #5a6098 60 80 66 64 84 64 90 80"
    ),
    # film
    "cinema": (
        "fade #4a2028 #381820 0 74; box #e6e6ea 24 8 126 58; poly #7c2430 0 0 18 0 12 74 0 74; "
        "poly #7c2430 132 0 150 0 150 74 138 74; fade #5c2430 #441820 74 100; disc #74303c 20 90 12; "
        "disc #74303c 56 90 12; disc #74303c 92 90 12; disc #74303c 128 90 12"
    ),
    "backlot": (
        "fade #f0d8a8 #f6e8c8 0 60; box #c89a70 10 20 50 60; box #a87a50 22 36 38 60; "
        "poly #b88458 6 20 54 20 30 8; box #d4ae84 96 26 142 60; box #8a6a50 104 32 116 44; "
        "box #8a6a50 122 32 134 44; fade #d8b888 #c0a070 60 100"
    ),
    # comedy
    "theater": (
        "fade #7c1c2c #a02c3c 0 76; poly #8c2434 0 0 30 0 6 60 0 60; poly #8c2434 150 0 120 0 144 60 150 60; "
        "oval #c8505c 75 76 40 8; fade #a87850 #8c6040 76 100; disc #f4d878 20 96 4; disc #f4d878 50 96 4; "
        "disc #f4d878 80 96 4; disc #f4d878 110 96 4; disc #f4d878 140 96 4"
    ),
    "circus": (
        "fade #f4e6c4 #ecd8ac 0 72; poly #d87868 75 0 0 44 0 20 50 0; poly #d87868 75 0 150 44 150 20 100 0; "
        "poly #d87868 75 0 62 72 88 72; fade #d0a868 #b89050 72 100; oval #dcb878 75 86 60 10"
    ),
    # entertainment
    "ballroom": (
        "fade #e8d8b8 #d8c4a0 0 74; oval #fff4c8 75 10 16 6; line #b89850 75 0 75 8 2; disc #f8e498 62 14 3; "
        "disc #f8e498 75 17 3; disc #f8e498 88 14 3; box #c0a878 14 20 34 74; box #c0a878 116 20 136 74; "
        "fade #b08858 #94703f 74 100; oval #c49c6c 75 90 40 7"
    ),
    "fairground": (
        "fade #6a86c8 #b8c8ee 0 68; ring #d8d8e4 112 34 26 2; line #d8d8e4 86 34 138 34 1.2; "
        "line #d8d8e4 112 8 112 60 1.2; disc #e08090 112 8 5; disc #90c080 138 34 5; disc #e0c070 86 34 5; "
        "line #b0b0bc 112 34 98 70 2; line #b0b0bc 112 34 126 70 2; poly #d87080 6 40 54 40 30 22; "
        "box #f0e0d0 10 40 50 68; fade #98b070 #809858 68 100"
    ),
    # news
    "newsroom": (
        "fade #203a60 #2c5080 0 66; oval #48709c 44 34 24 18; oval #48709c 104 30 30 20; "
        "box #c03c3c 0 60 150 66; fade #8898a8 #708090 66 100; box #a8b8c8 10 72 140 78"
    ),
    "square": (
        "fade #c0d0dc #e0e8ec 0 56; box #d8d0bc 30 24 120 56; poly #b8ac94 26 24 124 24 75 6; "
        "box #ece6d6 38 28 44 56; box #ece6d6 56 28 62 56; box #ece6d6 88 28 94 56; box #ece6d6 106 28 112 56; "
        "fade #b4aca0 #9a9286 56 100; line #a49c90 0 76 150 76 1.2"
    ),
    # people
    "kitchen": (
        "fade #f4ecd8 #e8dcc0 0 58; box #a8c0b0 4 4 48 26; box #a8c0b0 102 4 146 26; disc #7c9484 42 16 1.6; "
        "disc #7c9484 108 16 1.6; box #c8dcec 58 6 92 32; box #d8d0c4 0 58 150 64; box #94ac9c 0 64 150 90; "
        "line #7c9484 50 64 50 90 1; line #7c9484 100 64 100 90 1; fade #a89880 #988870 90 100"
    ),
    "cafe": (
        "fade #9c7058 #8a604a 0 66; box #4c3c34 14 10 60 38; line #d8ccc0 20 18 52 18 1.2; "
        "line #d8ccc0 20 26 44 26 1.2; line #3c3028 104 0 104 14 1.4; poly #e8c070 92 24 116 24 110 12 98 12; "
        "fade #6c5040 #584030 66 100; oval #c0a080 30 84 24 6; oval #c0a080 122 84 22 6"
    ),
    # activism
    "park": (
        "fade #b0dcf0 #e0f2f8 0 50; disc #88b880 20 42 15; disc #94c08c 44 46 11; disc #88b880 130 40 17; "
        "fade #a4d08c #88b870 50 100; poly #d8c8a0 70 50 80 50 112 100 44 100; box #a87c50 14 70 42 74; "
        "box #a87c50 17 74 20 82; box #a87c50 36 74 39 82"
    ),
    "river": (
        "fade #c8e4f4 #e8f4f8 0 42; poly #90a890 0 44 40 28 90 44; poly #a0b4a0 60 44 112 24 150 40 150 44; "
        "fade #a8c48c #8cac70 42 100; poly #78b4d8 62 42 88 42 150 78 150 100 20 100; "
        "line #a8d4ec 76 56 92 56 1.4; line #a8d4ec 70 74 100 74 1.4; line #a8d4ec 96 90 128 90 1.4"
    ),
}
