"""The miniature world's own tokenizer knows whatever is said and asked there."""

from __future__ import annotations

from hdvila.lab.benchmarks import BENCHMARKS
from hdvila.miniature.questions import questions
from hdvila.miniature.script import write_script
from hdvila.miniature.world import ActionMix, Shares, WorldConfig
from hdvila.recipes import get_recipe
from hdvila.text.tokenizer import Tokenizer

READ = ("question", "answer", "a1", "a2", "a3", "a4", "a5")
EVERYTHING = WorldConfig(
    Shares(*[0.5] * 7, aside=0.2, silent=0.0), ActionMix(move=1, turn=1, repeat=1, order=1, cycle=1, tour=1)
)


def test_every_word_is_one_token() -> None:
    tokenizer = Tokenizer.load("miniature")
    scripts = [write_script(77, number, EVERYTHING) for number in range(400)]
    texts = {event.sentence for script in scripts for event in script.events}
    for asked in questions([script.truth() for script in scripts]).values():
        for question in asked:
            texts |= {
                str(question[key]) for key in ("question", "answer", "a1", "a2", "a3", "a4", "a5") if key in question
            }
    for name in ("msrvtt", "tgif_qa", "didemo", "activitynet"):
        scripts = [write_script(78, number, BENCHMARKS[name].config) for number in range(100)]
        texts |= {event.sentence for script in scripts for event in script.events}
    words = {word for text in texts for word in text.replace(".", "").replace("'", " ").replace("?", "").split()}
    assert len(words) > 300
    assert [word for word in sorted(words) if tokenizer.lengths([word]) != [3]] == []


def test_the_models_of_the_miniature_have_room_for_it() -> None:
    recipe = get_recipe("miniature-stage1")
    assert recipe.data.tokenizer == "miniature"
    assert Tokenizer.load("miniature").vocab_size <= recipe.model.vocab_size
