"""Initial weights from a BERT and a ResNet, as in the paper; `inherit` takes them from another HD-VILA model.

Each function fills a part of a model and reports the outcome for every key; a file that does not fit is an error.
"""

from __future__ import annotations

from pathlib import Path

from hdvila.errors import CheckpointError
from hdvila.models.hdvila.model import HDVILA
from hdvila.nn.bert_files import START_ADVICE, read_bert
from hdvila.nn.checkpoint import LoadReport, put_weights
from hdvila.nn.resnet_files import read_resnet
from hdvila.nn.weight_files import Weights

TEXT = "transformer."
WORD_HEAD = "transformer.cls.predictions."
MATCHING_HEAD = "transformer.cls.seq_relationship."


def load_bert(model: HDVILA, source: str | Path) -> LoadReport:
    """Fill the text and the joint transformer (and in stage two the heads) from a BERT of Hugging Face.

    The two poolers and the visual embeddings keep random weights, as in the paper.

    Args:
        source: as `hdvila.nn.bert_files.read_bert` takes it.

    Raises:
        CheckpointError: the file cannot be read, has other sizes or heads, or an activation other than exact GELU.
    """
    config = model.config
    layers = config.text_layers + (config.joint_layers if config.has_joint_transformer else 0)
    bert = read_bert(source, layers=layers, heads=config.num_attention_heads)
    report = bert.report
    poolers = [name for name in bert.body if name.startswith("pooler.")]
    bert.drop(poolers, "the poolers of HD-VILA read other inputs and begin at random")
    ours: Weights = {f"{TEXT}bert.{name}": tensor for name, tensor in bert.body.items() if name not in poolers}
    if config.variant == "stage2":
        ours |= {f"{TEXT}{name}": tensor for name, tensor in bert.heads.items()}
        _explain_missing_heads(model, ours, report)
    else:
        bert.drop(bert.heads, f"a head of pre-training, which a model of variant {config.variant} does not have")
    parts = (f"{TEXT}bert.embeddings.", f"{TEXT}bert.encoder.", f"{TEXT}cls.")
    put_weights(model, ours, report, name=bert.name, part=lambda key: key.startswith(parts), advice=START_ADVICE)
    return report


def load_resnet(model: HDVILA, source: str | Path) -> LoadReport:
    """Fill both ResNets from one trained ResNet with its strides on the 3x3 convolutions ("pytorch style").

    Frames are normalised as for those of torchvision, mmdetection and Hugging Face.

    Args:
        source: as `hdvila.nn.resnet_files.read_resnet` takes it.

    Raises:
        CheckpointError: the file cannot be read, has other sizes, or strides in its 1x1 convolutions.
    """
    resnet = read_resnet(source)
    if resnet.bgr:
        raise CheckpointError(
            f"{resnet.name}: a ResNet of detectron2 has its strides in other convolutions and reads BGR, and HD-VILA's "
            "does not: name one of torchvision, mmdetection or Hugging Face"
        )
    ours = {f"cnn.{name}": tensor for name, tensor in resnet.weights.items()}
    # The LR branch stops after stage 3.
    low = {f"cnn_low.{name}": tensor for name, tensor in resnet.weights.items() if not name.startswith("layer4.")}
    parts = ("cnn.", "cnn_low.")
    put_weights(
        model,
        ours | low,
        resnet.report,
        name=resnet.name,
        part=lambda key: key.startswith(parts),
        advice=START_ADVICE,
    )
    return resnet.report


def _explain_missing_heads(model: HDVILA, ours: Weights, report: LoadReport) -> None:
    """A BERT without (all of) its heads: the decoder begins as a copy of the word table, the rest at random."""
    words = f"{TEXT}bert.embeddings.word_embeddings.weight"
    if words in ours:
        ours.setdefault(f"{WORD_HEAD}decoder.weight", ours[words])
    own = [key for key in model.state_dict() if key.startswith((WORD_HEAD, MATCHING_HEAD))]
    for head in (WORD_HEAD, MATCHING_HEAD):
        given = [key for key in ours if key.startswith(head) and not key.endswith("decoder.weight")]
        if not given:
            missing = [key for key in own if key.startswith(head) and key not in ours]
            report.started |= dict.fromkeys(missing, "the BERT file has no such head")
