"""Cut in many processes, stored by one, in the order of the jobs, so that the same jobs give the same corpus."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hdvila.corpus.cluster import on_cluster
from hdvila.corpus.cut import read_cut
from hdvila.processes import Died, in_order, usable_cores
from hdvila.store import CorpusWriter
from hdvila.store.layout import Attribute

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_SPOOL = ".cutting"  # where processes leave cut clips until they are stored


def store_all(
    cut: Callable[[tuple[Job, Path]], Outcome],
    jobs: Sequence[Job],
    writer: CorpusWriter,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    attributes: Callable[[Job], Mapping[str, Attribute]] = lambda job: {},
) -> Iterator[tuple[Job, Outcome | Died]]:
    """Do every job and store the clips that it leaves; yields (job, what came of it) in the order of `jobs`.

    Args:
        cut: writes the clips of a job into a file (`hdvila.corpus.cut.write_cut`), or none; a function of a module, or
            a `functools.partial` of one.
        jobs: picklable.
        writer: of the corpus.
        workers: processes; None: one for each core.
        cluster: address of a Ray cluster to work on instead.
        attributes: what is stored with the clips of a job.
    """
    engine: Callable[..., Any] = partial(in_order, workers=workers or usable_cores())
    if cluster is not None:
        engine = partial(on_cluster, address=cluster)
    spool = writer.root / _SPOOL
    shutil.rmtree(spool, ignore_errors=True)  # of a run that was killed
    spool.mkdir()
    try:
        listed = [(job, spool / f"{number}.clips") for number, job in enumerate(jobs)]
        for (job, file), outcome in engine(cut, listed):
            if not isinstance(outcome, Died) and file.exists():
                more = attributes(job)
                for one in read_cut(file):
                    writer.add(one.clip, one.hr, one.lr, more)
            yield job, outcome
            file.unlink(missing_ok=True)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
