"""The language side of HD-VILA: text encoder, joint transformer and heads, as in the paper.

Legend: B videos, S segments, L text tokens, P visual tokens, D width. Rows of the joint transformer are segment-major:
row s*B + b is segment s of video b.
"""

from __future__ import annotations

from torch import nn

from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.nn.bert import BertEmbeddings, BertEncoder, BertPooler, PretrainingHeads
from hdvila.nn.grid_tokens import VisualEmbeddings


class SplitBert(nn.Module):
    """One BERT cut in two: its first layers read text alone, its last layers read text and visual tokens together."""

    def __init__(self, config: HDVILAConfig) -> None:
        super().__init__()
        width, dropout = config.hidden_size, config.dropout
        joint = config.joint_layers if config.has_joint_transformer else 0
        self.embeddings = BertEmbeddings(
            config.vocab_size, config.max_text_positions, config.text_token_types, width, dropout
        )
        layers = config.text_layers + joint
        self.encoder = BertEncoder(layers, width, config.num_attention_heads, config.intermediate_size, dropout)
        if not config.answers_questions:
            self.pooler1 = BertPooler(width)
        if config.has_joint_transformer:
            self.visual_embeddings = VisualEmbeddings(width, config.visual_rows, config.visual_columns, dropout)
            self.pooler2 = BertPooler(width)


class Language(nn.Module):
    """The text and joint transformers with the heads of a variant; a container, `HDVILA` says how they are used."""

    def __init__(self, config: HDVILAConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.bert = SplitBert(config)
        if config.variant == "stage2":
            self.cls = PretrainingHeads(width, config.vocab_size)
        if config.answers_questions:
            answers = config.num_answers if config.variant == "open_ended" else 1
            self.dropout = nn.Dropout(config.dropout)
            self.classifier = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, answers))
        else:
            self.t_proj = nn.Linear(width, width)
            self.v_proj = nn.Linear(width, width)
