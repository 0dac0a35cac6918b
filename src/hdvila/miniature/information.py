"""How much narration tells, in bits a clip, by the frames that show it; and how well a perfect model could retrieve.

Three kinds: ``frame`` (category, object, colour, place: one LR frame shows them), ``detail`` (texture, mark: only an HR
frame) and ``time`` (the action: only several frames).
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
"""Kind -> the attributes that narration can tell."""


@dataclass(frozen=True, slots=True)
class Bits:
    """Mean information of the narration of a clip, in bits, by kind.

    ``time`` counts everything told about actions; ``time_hidden`` is the part that a single frame at a random time does
    not show (it shows a jump in the air, but not how many there are).
    """

    frame: float
    detail: float
    time: float
    time_hidden: float


def bits(config: WorldConfig, draws: int = 4000) -> Bits:
    """The information of a world's narration, without asides and silent clips.

    Args:
        config: the world's settings.
        draws: sampled actions from which `Bits.time_hidden` is estimated.
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

    The clips that agree with everything that a sentence tells and the model sees tie; the model picks one of them. For
    sentences that are not about their clip all clips tie.

    Args:
        truth: videos as in ``truth.jsonl``.
        seen: some of ``frame``, ``detail``, ``time``.
        gallery: number of clips, the first ones with speech; None is all.

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
    """Name -> `bits` by kind, and the `ceiling` of R@1 on a held-out gallery by what is seen."""
    information = bits(config)
    truth = [write_script(0, number, config, "test").truth() for number in range(gallery)]
    views = {
        "frame": ("frame",),
        "frame+detail": ("frame", "detail"),
        "frame+time": ("frame", "time"),
        "all": ("frame", "detail", "time"),
    }
    result = {f"bits {field.name.replace('_', ' ')}": getattr(information, field.name) for field in fields(information)}
    return result | {f"R@1 {name}": ceiling(truth, seen, gallery) for name, seen in views.items()}


def _fact(category: str, attributes: Mapping[str, Any], fact: str) -> object:
    if fact == "phrase":
        return category
    if fact == "action":
        return tuple(attributes.get("action" if field.name == "kind" else field.name) for field in fields(Action))
    return attributes[fact]


def _weights(mix: ActionMix) -> dict[Action, float]:
    """Action -> probability, for an object of the first colour."""
    kinds = {kind: weight / sum(asdict(mix).values()) for kind, weight in asdict(mix).items() if weight}
    options = {kind: [a for a in actions_of(kind) if suits(a, next(iter(COLOURS)))] for kind in kinds}
    return {action: share / len(options[kind]) for kind, share in kinds.items() for action in options[kind]}


def _action_entropy(mix: ActionMix) -> float:
    return -sum(weight * log2(weight) for weight in _weights(mix).values())


def _seen_in_one_frame(mix: ActionMix, draws: int) -> float:
    """Mutual information, in bits, of the action and the pose at a random time.

    A pose is at rest, of a new colour (assumed to be recognised), in the air, grown, invisible or glowing.
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
