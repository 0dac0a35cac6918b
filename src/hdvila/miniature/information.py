"""How much narration says, in bits a clip, by what it takes to see it; and how well a perfect model could retrieve.

Three kinds: ``frame`` (category, object, colour, place: one low-resolution frame shows them), ``detail`` (texture,
mark: only a high-resolution frame) and ``time`` (the action: only several frames).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import log2
from random import Random
from typing import Any

from hdvila.miniature.actions import Action, actions_of, suits
from hdvila.miniature.categories import CATEGORIES
from hdvila.miniature.motion import play
from hdvila.miniature.script import write_script
from hdvila.miniature.world import COLOURS, MARKS, TEXTURES, ActionMix, WorldConfig

KINDS: dict[str, tuple[str, ...]] = {
    "frame": ("phrase", "object", "colour", "place"),
    "detail": ("texture", "mark"),
    "time": ("action",),
}
"""What narration can tell, by what it takes to see it."""


@dataclass(frozen=True, slots=True)
class Bits:
    """Bits that the narration of a clip about the picture tells, on average.

    ``time`` counts all that is told of actions; ``time_hidden`` is the part that a single frame at a random time does
    not show (it does show a jump in the air, not how many there are).
    """

    frame: float
    detail: float
    time: float
    time_hidden: float


def bits(config: WorldConfig, draws: int = 4000) -> Bits:
    """The world's narration in bits a clip, aside and silent clips left out.

    Args:
        config: the world's settings.
        draws: played actions from which the hidden part of time is estimated.
    """
    shares = config.shares
    category = 1 - (1 - shares.phrase) * (1 - shares.object) * (1 - shares.place)
    frame = (
        category * log2(len(CATEGORIES))
        + shares.object * log2(len(CATEGORIES[0].objects))
        + shares.place * log2(len(CATEGORIES[0].places))
        + shares.colour * log2(len(COLOURS))
    )
    detail = shares.texture * log2(len(TEXTURES)) + shares.mark * log2(len(MARKS))
    whole = _action_entropy(config.actions)
    seen = _seen_in_one_frame(config.actions, draws)
    return Bits(frame, detail, shares.action * whole, shares.action * (whole - seen))


def ceiling(truth: Sequence[Mapping[str, Any]], seen: Collection[str], gallery: int | None = None) -> float:
    """Text-to-video R@1 of a model that understands every word and sees these kinds of things perfectly.

    For each sentence the clips that agree with all that is told and seen tie; the model picks one of them. Sentences
    that are not about the picture leave all clips tied.

    Args:
        truth: videos as in ``truth.jsonl``.
        seen: of ``frame``, ``detail``, ``time``.
        gallery: the first so many clips in which something is said; None is all.

    Returns:
        The expected share of sentences that find their clip, 0..1.
    """
    clips = [(v["category"], e) for v in truth for e in v["events"] if e["sentence"]][:gallery]
    facts = {fact for kind in seen for fact in KINDS[kind]}
    found = 0.0
    for category, event in clips:
        told = [fact for fact in event["told"] if fact in facts]
        wanted = [_fact(category, event["attributes"], fact) for fact in told]
        fits = sum(wanted == [_fact(other, e["attributes"], fact) for fact in told] for other, e in clips)
        found += 1 / fits
    return found / len(clips)


def describe_world(config: WorldConfig, gallery: int = 256) -> dict[str, float]:
    """Bits a clip by kind, and the `ceiling` of R@1 on a held-out gallery by what is seen, under short names."""
    told = bits(config)
    truth = [write_script(0, number, config, "test").truth() for number in range(gallery)]
    views = {
        "frame": ("frame",),
        "frame+detail": ("frame", "detail"),
        "frame+time": ("frame", "time"),
        "all": ("frame", "detail", "time"),
    }
    result = {f"bits {field.name.replace('_', ' ')}": getattr(told, field.name) for field in fields(told)}
    return result | {f"R@1 {name}": ceiling(truth, seen, gallery) for name, seen in views.items()}


def _fact(category: str, attributes: Mapping[str, Any], fact: str) -> object:
    if fact == "phrase":
        return category
    if fact == "action":
        return tuple(attributes.get("action" if field.name == "kind" else field.name) for field in fields(Action))
    return attributes[fact]


def _weights(mix: ActionMix) -> dict[Action, float]:
    """Probability of each action, for an object of the first colour."""
    kinds = {kind: weight / sum(asdict(mix).values()) for kind, weight in asdict(mix).items() if weight}
    options = {kind: [a for a in actions_of(kind) if suits(a, next(iter(COLOURS)))] for kind in kinds}
    return {action: share / len(options[kind]) for kind, share in kinds.items() for action in options[kind]}


def _action_entropy(mix: ActionMix) -> float:
    return -sum(weight * log2(weight) for weight in _weights(mix).values())


def _seen_in_one_frame(mix: ActionMix, draws: int) -> float:
    """Mutual information of the action and the pose at a random time.

    A pose is at rest, of a new colour (taken as recognised), in the air, grown, gone or glowing.
    """
    weights = _weights(mix)
    rng = Random(0)
    joint: Counter[tuple[Action, str]] = Counter()
    for action in rng.choices(list(weights), list(weights.values()), k=draws):
        length = rng.uniform(4.0, 5.5)
        path = play(action, length, (0.3, length - 0.3), rng)
        time = rng.uniform(0.3, length - 0.3)
        step = next((step for step, start, end in path.steps if start <= time < end), "rest")
        joint[action, path.pose(time).colour or step] += 1
    actions: Counter[Action] = Counter()
    poses: Counter[str] = Counter()
    for (action, pose), count in joint.items():
        actions[action] += count
        poses[pose] += count
    return sum(
        count / draws * log2(count * draws / (actions[action] * poses[pose])) for (action, pose), count in joint.items()
    )
