"""Learn the weights of `hdvila.text.sentences.gap_model` from free text.

    python tools/train_sentences.py DOCS SHARED [--hold-out]

DOCS holds the unpacked documentation packages jargon-text, perl-doc, rust-doc, python3.11-doc and sqlite3-doc (Debian
12), each in a folder of its name; SHARED is the folder with data/subtitles. Takes a minute on one core. With
--hold-out a part of the speech is kept for measuring, its F1 is printed, and nothing is written. Sources and licences
stand in docs/sentences.md.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from sentence_text import hearing_paragraphs, html_paragraphs, pod_paragraphs, prose
from torch import nn

from hdvila.text.sentences.gap_model import FIRST_ROW, NUMBERED_ROW, UNKNOWN_ROW, spoken_form
from hdvila.text.sentences.punctuation import ends_sentence

HERE = Path(__file__).parent
WEIGHTS = HERE.parent / "src/hdvila/text/sentences/english_gaps.npz"
WORDS, ENDINGS, SPAN, WIDTH, HIDDEN = 4000, 400, 6, 32, 96
EPOCHS, BATCH, RATE, DROPOUT, FORGET = 2, 2048, 4e-3, 0.2, 0.08  # FORGET: words that show their ending only
KEPT = 0.6  # of the speech, for learning, with --hold-out


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they are spoken, whether a sentence ends after each, and how much each counts."""

    words: list[str]
    ends: list[bool]
    weight: float


def sources(docs: Path, shared: Path) -> Iterator[tuple[str, list[str], float]]:
    """(name, paragraphs, weight). Speech counts more: it is what the model is for."""
    rust = docs / "rust-doc/usr/share/doc/rust-doc/html"
    books = ("book", "rust-by-example", "nomicon", "edition-guide", "cargo", "rustc", "reference", "embedded-book")
    with gzip.open(docs / "jargon-text/usr/share/doc/jargon-text/jargon.txt.gz", "rt", errors="replace") as stream:
        written = list(prose(stream.read().replace("\r", "").split("\n\n")))
    written += prose(pod_paragraphs(sorted((docs / "perl-doc").rglob("*.pod"))))
    pages = [page for book in books for page in sorted((rust / book).rglob("*.html")) if page.name != "print.html"]
    written += prose(html_paragraphs(pages))
    pages = [page for page in sorted((docs / "python3.11-doc").rglob("*.html")) if "whatsnew" not in str(page)]
    written += prose(html_paragraphs(pages))
    written += prose(html_paragraphs(sorted((docs / "sqlite3-doc").rglob("*.html"))))
    Random(0).shuffle(written)
    yield "documentation", written, 1.0
    subtitles = shared / "data/subtitles"
    yield "hearing", [" ".join(hearing_paragraphs(next((subtitles / "asr_words").glob("*.gz"))))], 4.0
    yield "talks", (HERE / "spoken_english.txt").read_text().strip().split("\n"), 8.0


def labelled(paragraphs: Sequence[str], weight: float) -> Text:
    """Marks and capitals off; they say where sentences end. A paragraph ends one too."""
    words, ends = [], []
    for paragraph in paragraphs:
        said = [w for part in paragraph.split() for w in re.split(r"[—–]|--|(?<=\w)/(?=\w)", part) if spoken_form(w)]
        for number, word in enumerate(said, start=1):
            last = number == len(said)
            words.append(spoken_form(word))
            ends.append(last or ends_sentence(word, said[number]))
    return Text(words, ends, weight)


class Net(nn.Module):
    """The network of `GapModel`."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.table = nn.Embedding(rows, WIDTH)
        nn.init.normal_(self.table.weight, std=0.1)
        self.hidden = nn.Linear(2 * SPAN * WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, 1)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        seen = self.dropout(self.table(window).flatten(1))
        return self.out(self.dropout(torch.relu(self.hidden(seen))))[:, 0]


class Rows:
    """Which row of the table stands for a word; the same rule as `GapModel.row`."""

    def __init__(self, texts: Sequence[Text]) -> None:
        count: Counter[str] = Counter()
        for text in texts:
            for word, times in Counter(text.words).items():
                count[word] += times * int(text.weight)
        self.words = [word for word, _ in count.most_common(WORDS)]
        known = set(self.words)
        rare = [word for word in count if word not in known and not any(map(str.isdigit, word))]
        endings = Counter(ending for word in rare for ending in (word[-3:], word[-2:]))
        self.names = self.words + [f"-{ending}" for ending, _ in endings.most_common(ENDINGS)]
        self.row = {name: number for number, name in enumerate(self.names, start=FIRST_ROW)}

    def ending(self, word: str) -> int:
        if any(map(str.isdigit, word)):
            return NUMBERED_ROW
        return self.row.get(f"-{word[-3:]}", self.row.get(f"-{word[-2:]}", UNKNOWN_ROW))

    def windows(self, words: Sequence[str], forget: bool = False) -> np.ndarray:
        rows = [self.ending(word) if forget else self.row.get(word) or self.ending(word) for word in words]
        padded = np.concatenate([np.zeros(SPAN - 1, int), rows, np.zeros(SPAN, int)]).astype(np.int32)
        return np.lib.stride_tricks.sliding_window_view(padded, 2 * SPAN)


def learn(texts: Sequence[Text], rows: Rows) -> tuple[Net, float]:
    """Train on all gaps; the network and the (weighted) share of sentence ends among them."""
    torch.manual_seed(0)
    seen = torch.from_numpy(np.concatenate([rows.windows(text.words) for text in texts]))
    endings = torch.from_numpy(np.concatenate([rows.windows(text.words, forget=True) for text in texts]))
    ends = torch.tensor([end for text in texts for end in text.ends], dtype=torch.float32)
    weight = torch.cat([torch.full((len(text.words),), text.weight) for text in texts])
    weight /= weight.mean()
    net = Net(FIRST_ROW + len(rows.names))
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.01)
    steps = EPOCHS * -(-len(seen) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
    for _ in range(EPOCHS):
        for some in torch.randperm(len(seen)).split(BATCH):
            window = seen[some]
            forgotten = (torch.rand(window.shape) < FORGET) & (window > 0)
            logits = net(torch.where(forgotten, endings[some], window).long())
            losses = nn.functional.binary_cross_entropy_with_logits(logits, ends[some], reduction="none")
            optimizer.zero_grad()
            (losses * weight[some]).mean().backward()
            optimizer.step()
            schedule.step()
    return net.eval(), float((ends * weight).mean())


@torch.no_grad()
def f1(net: Net, rows: Rows, text: Text, threshold: float) -> float:
    found = net(torch.from_numpy(rows.windows(text.words).copy()).long()).numpy() > threshold
    ends = np.array(text.ends)
    return float(2 * (found & ends).sum() / max(1, found.sum() + ends.sum()))


def save(net: Net, rows: Rows, share: float) -> None:
    """Vectors and hidden weights as 8-bit numbers with a scale."""
    hidden = net.hidden.weight.detach().numpy().T.reshape(2 * SPAN, WIDTH, HIDDEN)
    parts = {}
    for name, values, axis in (("vectors", net.table.weight.detach().numpy(), 1), ("hidden", hidden, (0, 1))):
        scale = np.abs(values).max(axis=axis, keepdims=True) / 127 + 1e-12
        parts |= {name: np.rint(values / scale).astype(np.int8), f"{name}_scale": scale.astype(np.float32)}
    np.savez_compressed(
        WEIGHTS,
        names=np.frombuffer("\n".join(rows.names).encode(), np.uint8),
        hidden_bias=net.hidden.bias.detach().numpy(),
        out=net.out.weight.detach().numpy()[0],
        out_bias=net.out.bias.detach().numpy()[0],
        share=share,
        **parts,
    )


def main() -> None:
    docs, shared, *flags = sys.argv[1:]
    torch.set_num_threads(1)
    texts, held = [], {}
    for name, paragraphs, weight in sources(Path(docs), Path(shared)):
        text = labelled(paragraphs, weight)
        print(f"{name}: {len(text.words)} words, {sum(text.ends)} sentences", flush=True)
        cut = int(len(text.words) * KEPT) if flags and name != "documentation" else len(text.words)
        texts.append(Text(text.words[:cut], text.ends[:cut], weight))
        held[name] = Text(text.words[cut:], text.ends[cut:], weight)
    rows = Rows(texts)
    net, share = learn(texts, rows)
    if not flags:
        save(net, rows, share)
        return
    for name, text in held.items():
        if text.words:
            found = ", ".join(
                f"{threshold}: {f1(net, rows, text, threshold):.3f}" for threshold in (-2, -1.5, -1, -0.5)
            )
            print(f"{name}, held out: F1 at log-odds {found}")


if __name__ == "__main__":
    main()
