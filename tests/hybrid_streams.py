"""The streams of a corpus for hybrid sampling, for stores that tests write by hand."""

from __future__ import annotations

from hdvila.corpus.options import CorpusOptions, stored_streams
from hdvila.media import Form
from hdvila.store import Stream


def hybrid_streams(lr_fps: float = 10.0, hr_fps: float = 2.0, form: Form = "jpeg") -> dict[str, Stream]:
    """HR frames stand at the times of LR frames."""
    return stored_streams(CorpusOptions(lr_fps=lr_fps, hr_fps=hr_fps).streams, form)
