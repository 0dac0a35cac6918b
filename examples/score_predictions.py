"""Score similarities of your own by a benchmark's protocol, without a model: the numbers that papers print.

python examples/score_predictions.py MSRVTT_JSFUSION_test.csv SIMILARITY.npy
"""

import sys
from pathlib import Path

import numpy as np

from hdvila.evaluate.predictions import Similarity
from hdvila.evaluate.protocols import get_protocol, read_file
from hdvila.evaluate.record import Record
from hdvila.evaluate.score import score


def main(annotation_file: str, similarity_file: str) -> Record:
    protocol = get_protocol("msrvtt-1ka")
    annotations, _ = read_file(protocol, Path(annotation_file))
    similarity = np.load(similarity_file)  # (captions, videos), in the order of the file
    queries = tuple(caption.query_id for caption in annotations.captions)
    videos = tuple(video.video_id for video in annotations.videos)
    record = score(protocol, annotations, Similarity(similarity, queries, videos), method="mine")
    ranks = record.text_to_video
    shares = ", ".join(f"{name} {ranks[name]:.1%}" for name in ("r1", "r5", "r10"))
    print(f"{shares}, median rank {ranks['median_rank']:g}")
    least, most = ranks["intervals"]["r1"]
    print(f"r1 of other queries like these, 95 %: {least:.1%} to {most:.1%}; chance: {record.chance:.1%}")
    return record


if __name__ == "__main__":
    main(*sys.argv[1:])
