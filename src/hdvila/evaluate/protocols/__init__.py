"""The benchmarks' protocols by name."""

from __future__ import annotations

import difflib

from hdvila.annotations.records import Split
from hdvila.errors import UsageError
from hdvila.evaluate.protocols.clips import LSMDC, YOUCOOK2
from hdvila.evaluate.protocols.files import find_annotations, read_file, read_split
from hdvila.evaluate.protocols.images import COCO_CAPTIONS, VISUAL_GENOME, VQA2
from hdvila.evaluate.protocols.msrvtt import MSRVTT_1KA, MSRVTT_1KA_7K, MSRVTT_FULL
from hdvila.evaluate.protocols.paragraphs import ACTIVITYNET_VAL1, DIDEMO
from hdvila.evaluate.protocols.protocol import Protocol, Published, TaskKind
from hdvila.evaluate.protocols.questions import MSRVTT_MC, MSRVTT_QA, MSVD_QA
from hdvila.evaluate.protocols.tgif_qa import TGIF_ACTION, TGIF_COUNT, TGIF_FRAMEQA, TGIF_TRANSITION

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "Published",
    "Split",
    "TaskKind",
    "find_annotations",
    "get_protocol",
    "read_file",
    "read_split",
    "register_protocol",
]

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        MSRVTT_1KA,
        MSRVTT_1KA_7K,
        MSRVTT_FULL,
        DIDEMO,
        LSMDC,
        ACTIVITYNET_VAL1,
        YOUCOOK2,
        MSRVTT_QA,
        MSRVTT_MC,
        MSVD_QA,
        TGIF_ACTION,
        TGIF_TRANSITION,
        TGIF_FRAMEQA,
        TGIF_COUNT,
        VQA2,
        COCO_CAPTIONS,
        VISUAL_GENOME,
    )
}
"""In the order in which they are listed."""


def register_protocol(protocol: Protocol) -> Protocol:
    """Make a protocol of one's own known by its name, for this process: to `get_protocol`, recipes and evaluation.

    Returns:
        `protocol`.

    Raises:
        UsageError: it is not a protocol, or another one has its name.
    """
    if not isinstance(protocol, Protocol):
        raise UsageError(
            f"register_protocol: a {type(protocol).__name__} is not a Protocol: "
            "give a hdvila.evaluate.protocols.Protocol"
        )
    if PROTOCOLS.get(protocol.name, protocol) != protocol:
        raise UsageError(f"there is a protocol {protocol.name!r} already: choose another name")
    PROTOCOLS[protocol.name] = protocol
    return protocol


def get_protocol(name: str) -> Protocol:
    """The protocol of this name.

    Raises:
        UsageError: there is none; says which is meant, if one is near.
    """
    if name in PROTOCOLS:
        return PROTOCOLS[name]
    near = difflib.get_close_matches(name.lower().replace("_", "-"), PROTOCOLS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(PROTOCOLS)}"
    raise UsageError(f"there is no protocol {name!r}: {hint}")
