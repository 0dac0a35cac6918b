"""``hdvila evaluate``: numbers of a model or of predictions by a benchmark's protocol, or of a model on a corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import typer

from hdvila.cli.console import PRECISION, emit, model_name, precision_name, reporter
from hdvila.cli.results import corpus_lines, record_lines
from hdvila.cli.tables import emit_markdown
from hdvila.errors import UsageError, require
from hdvila.files import make_room_for

if TYPE_CHECKING:
    from hdvila.evaluate.evaluation import Evaluated
    from hdvila.evaluate.record import Record
    from hdvila.evaluate.retrieval import RetrievalReport

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    checkpoint: str | None = typer.Argument(
        None, metavar="[CHECKPOINT]", help="A model folder, checkpoint or hub name."
    ),
    protocol: str | None = typer.Option(None, "--protocol", help="A benchmark's protocol (hdvila protocols)."),
    data: Path | None = typer.Option(None, "--data", help="The benchmark's annotations and its prepared videos."),
    store: str = typer.Option("store", "--store", help="Which prepared videos in DATA, such as store-official."),
    split: str = typer.Option("test", "--split", help="test or validation, of a CHECKPOINT."),
    sampling: str = typer.Option(
        "standard", "--sampling", help="zero-shot: the paper's; official: the released code's frames."
    ),
    segments: int | None = typer.Option(
        None,
        "--segments",
        min=1,
        help="Segments (clips) of a video that the model reads; default: as published, of a corpus as trained.",
    ),
    annotations: Path | None = typer.Option(None, "--annotations", help="The annotation file of --predictions."),
    predictions: Path | None = typer.Option(
        None,
        "--predictions",
        help="An npz of similarities, or a jsonl or json of answers: read, or of CHECKPOINT written.",
    ),
    ties: str = typer.Option("pessimistic", "--ties", help="pessimistic, optimistic, average or official."),
    allow_missing: bool = typer.Option(False, "--allow-missing", help="Score the videos that are there."),
    report: Path | None = typer.Option(None, "--report", help="An HTML page to look at, of a CHECKPOINT."),
    into: Path | None = typer.Option(None, "--into", help="The record's file; of a CHECKPOINT else DATA/results/."),
    model: str | None = typer.Option(None, "--model", help="A model, for --corpus."),
    corpus: Path | None = typer.Option(None, "--corpus", help="A corpus whose clips are queries and gallery."),
    rerank: str | None = typer.Option(
        None, "--rerank", metavar="CHECKPOINT", help="A second model, which scores the first hits again."
    ),
    top: int | None = typer.Option(None, "--top", min=1, help="Hits that --rerank scores again; default: 50."),
    precision: str = PRECISION,
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """The record of a model on a benchmark (CHECKPOINT, --protocol, --data), or of somebody's predictions on it
    (--protocol, --annotations, --predictions); or retrieval numbers on a corpus (--model, --corpus). With --rerank,
    the plain and the re-ranked numbers beside each other."""
    given = {
        name
        for name, value in {
            "CHECKPOINT": checkpoint, "--protocol": protocol, "--data": data, "--annotations": annotations,
            "--predictions": predictions, "--report": report, "--model": model, "--corpus": corpus,
        }.items()
        if value is not None
    }  # fmt: skip
    if sampling != "standard" and "CHECKPOINT" not in given:
        raise UsageError(f"--sampling {sampling}: says how a CHECKPOINT looks at the videos, and there is none")
    if segments is not None and not given & {"CHECKPOINT", "--model"}:
        raise UsageError(f"--segments {segments}: says how a model looks at the videos, and there is none")
    if top is not None and rerank is None:
        raise UsageError(f"--top {top}: says how many hits a second model scores again: give it by --rerank")
    reranked_by = None if rerank is None else model_name(rerank)
    set_too = {
        "--rerank": rerank is not None, "--store": store != "store", "--split": split != "test",
        "--ties": ties != "pessimistic", "--allow-missing": allow_missing, "--into": into is not None,
        "--precision": precision != "auto",
    }  # fmt: skip
    if given == {"--model", "--corpus"} and model is not None and corpus is not None:
        _only({"--ties", "--precision", "--rerank"}, set_too, "--model and --corpus")
        first = _first_hits(top)
        found = _corpus(model_name(model), corpus, segments, ties, precision, reranked_by, first)
        again = {} if reranked_by is None else {"reranked_by": rerank, "first": first}
        emit({"model": model, **again, "corpus": str(corpus), **found.to_dict()}, json, corpus_lines(found))
        return
    from hdvila.evaluate.record import file_name, write_record

    record: Record
    done: Evaluated | None = None
    if given == {"--protocol", "--annotations", "--predictions"} and protocol and annotations and predictions:
        _only({"--ties", "--allow-missing", "--into"}, set_too, "--annotations and --predictions")
        _check_outputs(protocol, {"--into": into}, annotations, predictions)
        record = _predictions(protocol, annotations, predictions, ties, allow_missing)
    elif (
        given - {"--predictions", "--report"} == {"CHECKPOINT", "--protocol", "--data"}
        and checkpoint
        and protocol
        and data
    ):
        if report is not None:
            require("jinja2", extra="train")
        own = data / "results" if data.is_dir() else None
        _check_outputs(
            protocol,
            {"--into": into or (own and own / f"{protocol}.json"), "--predictions": predictions, "--report": report},
        )
        done = _benchmark(
            model_name(checkpoint),
            protocol,
            data,
            store,
            split,
            sampling,
            segments,
            ties,
            allow_missing,
            predictions,
            report,
            precision,
            reranked_by,
            _first_hits(top),
        )
        record = done.record
        into = into or data / "results" / file_name(record)
    else:
        raise UsageError(
            "nothing to evaluate: give CHECKPOINT, --protocol and --data, or --protocol, --annotations and "
            "--predictions, or --model and --corpus (--report is for a CHECKPOINT)"
        )
    if into is not None:
        write_record(into, record)
    if report is not None and done is not None:
        from hdvila.evaluate.report import write_report

        write_report(done, report, reporter=reporter())
    if json:
        emit(record.to_dict(), json)
    else:
        emit_markdown(record_lines(record))


def _benchmark(
    checkpoint: str,
    name: str,
    data: Path,
    store: str,
    split: str,
    sampling: str,
    segments: int | None,
    ties: str,
    allow_missing: bool,
    predictions: Path | None,
    report: Path | None,
    precision: str,
    reranked_by: str | None,
    first: int,
) -> Evaluated:
    """A model by a protocol; what it says is written before it is scored."""
    from hdvila.evaluate.clip_test import benchmark_test
    from hdvila.evaluate.evaluation import evaluate as evaluate_model
    from hdvila.evaluate.report.page import check_report
    from hdvila.models.shown import Sampling

    if split not in ("test", "validation"):
        raise UsageError(f"--split {split}: choose test or validation")
    if sampling not in get_args(Sampling):
        raise UsageError(f"--sampling {sampling}: choose one of {', '.join(get_args(Sampling))}")
    test = benchmark_test(
        name,
        data,
        store=store,
        split=split,  # type: ignore[arg-type]
        allow_missing=allow_missing,
    )
    if report is not None:
        check_report(test, report)
    return evaluate_model(
        checkpoint,
        test,
        sampling=sampling,  # type: ignore[arg-type]
        segments=segments,
        ties=ties,  # type: ignore[arg-type]
        predictions=predictions,
        reranked_by=reranked_by,
        first=first,
        reporter=reporter(),
        precision=precision_name(precision),
    )


def _first_hits(top: int | None) -> int:
    from hdvila.evaluate.predict import FIRST_HITS

    return FIRST_HITS if top is None else top


def _check_outputs(protocol: str, outputs: dict[str, Path | None], *read: Path) -> None:
    """Refuse, before hours of work, what would fail after them or write over one of the files `read` or over anything
    that is no earlier output of the same kind."""
    taken = {file.resolve() for file in read}
    for option, file in outputs.items():
        if file is None:
            continue
        make_room_for(file, option)
        if file.resolve() in taken:
            raise UsageError(f"{option} {file}: is named twice, and one would be written over the other; name another")
        taken.add(file.resolve())
        if file.exists() and file.stat().st_size and not _is_output(option, file, protocol):
            raise UsageError(
                f"{option} {file}: is there and holds something else than this option writes, so it is not written "
                "over; name another file, or delete it"
            )


def _is_output(option: str, file: Path, protocol: str) -> bool:
    from hdvila.evaluate.predictions import read_predictions
    from hdvila.evaluate.protocols import get_protocol
    from hdvila.evaluate.record import read_record

    if option == "--report":
        return file.read_bytes()[:15].lower() == b"<!doctype html>"
    try:
        if option == "--into":
            read_record(file)
        else:
            read_predictions(file, get_protocol(protocol).task)
    except UsageError:
        return False
    return True


def _predictions(name: str, annotations: Path, predictions: Path, ties: str, allow_missing: bool) -> Record:
    """Somebody's predictions by a protocol; no model is loaded."""
    from hdvila.evaluate.predictions import Answers as Said
    from hdvila.evaluate.predictions import find_vocabulary, read_predictions
    from hdvila.evaluate.protocols import get_protocol, read_file
    from hdvila.evaluate.score import score

    protocol = get_protocol(name)
    asked, split = read_file(protocol, annotations)
    said = read_predictions(predictions, protocol.task)
    vocabulary = None
    if protocol.task == "open_ended" and isinstance(said, Said):
        vocabulary, notes = find_vocabulary(annotations, set(map(str, said.answers.values())))
        asked = replace(asked, notes=(*asked.notes, *notes))
    record = score(
        protocol,
        asked,
        said,
        method=predictions.stem,
        split=split or "test",
        ties=ties,  # type: ignore[arg-type]
        allow_missing=allow_missing,
        vocabulary=vocabulary,
    )
    return replace(record, split_told=split is not None)


def _only(read: set[str], options: dict[str, bool], beside: str) -> None:
    """Refuse an option that is given and would not be read."""
    if unread := [name for name, is_set in options.items() if is_set and name not in read]:
        raise UsageError(f"{' and '.join(unread)}: not for {beside}; leave it out")


def _corpus(
    model: str,
    corpus: Path,
    segments: int | None,
    ties: str,
    precision: str,
    reranked_by: str | None,
    first: int,
) -> RetrievalReport:
    from hdvila.evaluate.metrics.rank import check_ties
    from hdvila.evaluate.retrieval import evaluate_retrieval
    from hdvila.hub import load_model, pick_device
    from hdvila.store.reader import Corpus

    if not corpus.is_dir():
        raise UsageError(f"{corpus}: there is no such corpus: make one with hdvila corpus build")
    check_ties(ties)
    how: dict[str, Any] = {"device": pick_device(), "precision": precision_name(precision)}
    return evaluate_retrieval(
        load_model(model, **how),
        Corpus(corpus),
        segments=segments,
        ties=ties,  # type: ignore[arg-type]
        reranked_by=None if reranked_by is None else load_model(reranked_by, **how),
        first=first,
        reporter=reporter(),
    )
