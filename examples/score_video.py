"""Print how well each text fits a video, the best first.

python examples/score_video.py MODEL VIDEO "a dog catches a frisbee" "it rains"
"""

import sys

import hdvila


def main(model_folder: str, video: str, *texts: str) -> list[tuple[float, str]]:
    model = hdvila.load_model(model_folder)  # a dual encoder gives cosines, a cross-encoder its matched scores
    scores = model.score_texts(video, texts).tolist()  # of a part: score_texts(video, texts, start=3.0, end=9.0)
    ranked = sorted(zip(scores, texts, strict=True), reverse=True)
    for score, text in ranked:
        print(f"{score:.3f}  {text}")
    return ranked


if __name__ == "__main__":
    main(*sys.argv[1:])
