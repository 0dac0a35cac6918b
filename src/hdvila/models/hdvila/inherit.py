"""Initial weights from another HD-VILA model: from stage one or, to answer questions, from any stage.

Each function fills a part of a model and reports the outcome for every key; a file that does not fit is an error.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch

from hdvila.errors import CheckpointError
from hdvila.models.hdvila.adapter import ANSWER_HEAD, JOINT, from_official, infer_config, is_official
from hdvila.models.hdvila.model import HDVILA
from hdvila.models.saved import Saved, read_saved
from hdvila.nn.bert_files import START_ADVICE
from hdvila.nn.checkpoint import LoadReport, put_weights

DECODER = "transformer.cls.predictions.decoder.weight"
PROJECTIONS = ("transformer.t_proj.", "transformer.v_proj.")
_NOT_IN_SHAPES = ("num_attention_heads", "hybrid_attention_heads", "text_layers", "text_pooling", "grid")
"""Settings that make another model of weights of the same names and shapes."""


def load_pretrained(model: HDVILA, source: str, *, same_answers: bool, filled: Collection[str]) -> LoadReport:
    """Fill a model from another: for answering questions with all shared weights, a stage-two model from another one
    with all weights, otherwise with all of stage one.

    Args:
        same_answers: as in `load_shared`.
        filled: weights that another file, such as a BERT, has filled before. Where it gave no decoder of words, that of
            stage two begins as it does in a new model, as a copy of the word table.

    Raises:
        CheckpointError: it cannot be read, is not an HD-VILA model, or has other sizes, heads or answers.
    """
    if model.config.answers_questions:
        return load_shared(model, source, same_answers=same_answers)
    if model.config.has_joint_transformer and (whole := load_stage_two(model, source)) is not None:
        return whole
    report = load_stage_one(model, source)
    if model.config.has_joint_transformer and DECODER not in filled:
        with torch.no_grad():
            words = model.transformer.bert.embeddings.word_embeddings.weight
            model.transformer.cls.predictions.decoder.weight.copy_(words)
        report.loaded.append(DECODER)
    return report


def load_stage_one(model: HDVILA, source: str | Path) -> LoadReport:
    """Fill everything that stage one trains from a stage-one model; the rest of `model` is left as it is.

    Args:
        source: a folder of ours or an official file, of stage one or two.

    Raises:
        CheckpointError: it cannot be read, is no HD-VILA model, or has other sizes or heads.
    """
    saved = _read(model, source)
    weights, file = saved.weights, saved.name
    if not any(key.startswith(PROJECTIONS) for key in weights) and any(key.startswith(ANSWER_HEAD) for key in weights):
        raise CheckpointError(
            f"{file}: this model was fine-tuned to answer questions and has lost its projections into the space of "
            "texts and videos, without which it cannot retrieve: start from the model that it was fine-tuned from "
            "(start.model in its recipe.json), or another of stage one or two"
        )
    names = model.stage_one_names()
    ours, report = from_official(weights, model.config)
    for key in [key for key in ours if key not in names]:
        report.dropped[key] = "not a part of stage one"
        del ours[key]
    put_weights(model, ours, report, name=file, part=names.__contains__, advice=START_ADVICE)
    return report


def load_stage_two(model: HDVILA, source: str | Path) -> LoadReport | None:
    """Fill a stage-two model from another; None, and nothing is filled, if `source` is of another variant.

    Args:
        source: a folder or file of ours or an official file.

    Raises:
        CheckpointError: it cannot be read, is no HD-VILA model, or has other sizes or heads.
    """
    saved = _read(model, source)
    if infer_config(saved.weights, {"grid": model.config.grid, **saved.settings}).variant != "stage2":
        return None
    ours, report = from_official(saved.weights, model.config)
    put_weights(model, ours, report, name=saved.name, advice=START_ADVICE)
    return report


def load_shared(model: HDVILA, source: str | Path, *, same_answers: bool = False) -> LoadReport:
    """Fill a question-answering model with everything that it shares with a model of stage one or two, or with another
    question-answering model.

    What the file does not have (the answer head; after stage one the joint transformer as well) is left as it is.

    Args:
        source: a folder of ours or an official file.
        same_answers: row i of its answer head is known to mean the same answer as row i of the model's.

    Raises:
        CheckpointError: it cannot be read, is no HD-VILA model, has other sizes or heads, or another answer head.
    """
    saved = _read(model, source)
    weights, file = saved.weights, saved.name
    ours, report = from_official(weights, model.config)
    head = ours.get(f"{ANSWER_HEAD}2.weight")
    if head is not None:
        _check_answer_head(model, head.shape[0], same_answers, file)
    if not any(JOINT.match(key) for key in weights):
        layers = tuple(f"transformer.bert.encoder.layer.{n}." for n in range(model.config.text_layers))
        joint = [key for key in model.state_dict() if JOINT.match(key) or key.startswith("transformer.bert.encoder.")]
        missing = [key for key in joint if key not in ours and not key.startswith(layers)]
        report.started |= {key: "stage one has no joint transformer" for key in missing if key not in report.started}
    put_weights(model, ours, report, name=file, advice=START_ADVICE)
    return report


def _read(model: HDVILA, source: str | Path) -> Saved:
    """The weights to take over, of a model that does with them what `model` does."""
    saved = read_saved(Path(source))
    if not is_official(saved.weights):
        raise CheckpointError(f"{saved.name}: these are no weights of HD-VILA: give a model folder or file of it")
    for key in _NOT_IN_SHAPES:
        own = getattr(model.config, key)
        other = saved.settings.get(key, own)
        other = tuple(other) if isinstance(other, list) else other  # as JSON has it
        if own != other:
            said = ",".join(map(str, other)) if isinstance(other, tuple) else other
            raise CheckpointError(
                f"{saved.name}: {key} is {other}, the model to fill has {own}: give the recipe --set model.{key}={said}"
            )
    return saved


def _check_answer_head(model: HDVILA, rows: int, same_answers: bool, file: str) -> None:
    own = model.state_dict()[f"{ANSWER_HEAD}2.weight"].shape[0]
    if rows != own:
        problem = f"its answer head has {rows} rows, the model to fill has {own}"
    elif own > 1 and not same_answers:
        problem = f"which answers the {rows} rows of its answer head mean is not known (no answers.json beside it)"
    else:
        return
    raise CheckpointError(
        f"{file}: {problem}: an answer head cannot be taken over into another vocabulary; start from the model that "
        "this one was fine-tuned from"
    )
