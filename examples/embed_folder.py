"""Embed every video of a folder, and print which comes nearest to some words.

python examples/embed_folder.py MODEL FOLDER "a dog catches a frisbee"
"""

import sys
from pathlib import Path

import hdvila
from hdvila.media import is_video_name


def main(model_folder: str, folder: str, words: str) -> list[tuple[float, str]]:
    model = hdvila.load_model(model_folder)  # any model that has a video and a text encoder
    files = [path for path in sorted(Path(folder).rglob("*")) if is_video_name(path.name)]
    vectors = model.embed_video(files)  # (N, D), each of length 1
    cosines = (vectors @ model.embed_text(words)[0]).tolist()
    ranked = sorted(zip(cosines, map(str, files), strict=True), reverse=True)
    for cosine, file in ranked:
        print(f"{cosine:.3f}  {file}")
    return ranked


if __name__ == "__main__":
    main(*sys.argv[1:])
