"""Train on the clips of a corpus in a plain PyTorch loop: the store, a model and a loss, without the trainer.

python examples/plain_loop.py CORPUS
"""

import sys

import torch
from torch.utils.data import DataLoader

from hdvila.hub import build_model
from hdvila.recipes.hdvila.miniature import DATA, miniature_model
from hdvila.store import Corpus
from hdvila.tasks.contrastive import contrastive_loss
from hdvila.text.tokenizer import Tokenizer


def main(folder: str, steps: int = 20) -> list[float]:
    corpus, inputs = Corpus(folder), DATA.preprocess
    tokenizer = Tokenizer.train([clip.text for clip in corpus.clips], vocab_size=512)
    model = build_model(miniature_model("stage1"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)

    def collate(numbers):
        video = inputs.collate([corpus.sample(i, inputs) for i in numbers])
        ids, mask = tokenizer([corpus.clips[i].text for i in numbers], 32)
        return *map(torch.from_numpy, video), torch.from_numpy(ids), torch.from_numpy(mask)

    losses = []
    loader = DataLoader(range(len(corpus)), batch_size=8, shuffle=True, drop_last=True, collate_fn=collate)
    while len(losses) < steps:
        for high, low, ids, mask in loader:
            loss = contrastive_loss(model.encode_text(ids, mask), model.encode_video(high, low), temperature=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            print(f"step {len(losses)}: {loss.item():.3f}")
    return losses


if __name__ == "__main__":
    main(sys.argv[1])
