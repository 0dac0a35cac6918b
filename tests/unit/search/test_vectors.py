"""The exact scan: the same order as a product in float64, up to the rounding of float16."""

from __future__ import annotations

import numpy as np

from hdvila.search.vectors import Vectors, pack


def test_the_best_are_those_of_the_plain_product() -> None:
    random = np.random.default_rng(0)
    clips = random.standard_normal((500, 48)).astype(np.float32)
    clips /= np.linalg.norm(clips, axis=1, keepdims=True)
    vectors = Vectors(48)
    for first in (0, 100, 350):
        until = {0: 100, 100: 350, 350: 500}[first]
        vectors.add(list(range(1000 + first, 1000 + until)), pack(clips[first:until]))
    assert len(vectors) == 500
    query = clips[7] + 0.3 * clips[400]
    found, scores = vectors.best(query, 20)
    plain = clips.astype(np.float16).astype(np.float64) @ query.astype(np.float64)
    assert found == (1000 + np.argsort(-plain)[:20]).tolist()
    assert np.allclose(scores, np.sort(plain)[::-1][:20], atol=1e-5)
    assert found[0] == 1007
    assert len(vectors.best(query, 9999)[0]) == 500


def test_vectors_that_are_no_numbers_are_never_found() -> None:
    vectors = Vectors(2)
    vectors.add([7, 8, 9], pack(np.array([[np.nan, 1], [1, 0], [np.nan, np.nan]], np.float32)))
    assert vectors.best(np.array([1, 0], np.float32), 3) == ([8], [1.0])
