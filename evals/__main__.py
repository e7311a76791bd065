"""Quality figures.

python -m evals facts|temporal|recall FILE [--out predictions.jsonl] [--scorer score.py] [--show] [--json]
python -m evals facts FILE --summariser anthropic:claude-haiku-4-5|perfect|… | --without-store
python -m evals locomo FILE [--digests given|own] [--out answers.jsonl] [--json]
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from evals import locomo as session_recall
from evals.scorer import NoScorer, find_scorer, score, write_predictions
from recalld.errors import RecalldError

T = TypeVar("T")
Run = Callable[[], Iterable[dict[str, Any]] | AsyncIterator[dict[str, Any]]]

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_WIDE = None if sys.stdout.isatty() else 240  # columns are not squeezed into the 80 that a pipe has
out, log = Console(width=_WIDE), Console(stderr=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The evaluation file.")]
Out = Annotated[Path | None, typer.Option("--out", help="Keep the predictions here (JSON Lines).")]
Scorer = Annotated[Path | None, typer.Option(help="score.py; default: the one beside the folder of FILE.")]
Embedder = Annotated[str, typer.Option(help="As in RECALLD_EMBEDDER.")]
Show = Annotated[bool, typer.Option("--show", help="List misses on stderr.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


@app.command()
def facts(  # noqa: PLR0917 - typer reads a command's options from its parameters
    file: File,
    summariser: Annotated[
        str, typer.Option(help="As in RECALLD_SUMMARISER; 'perfect' is a scripted model that knows the answers.")
    ] = "local",
    embedder: Embedder = "local",
    without_store: Annotated[
        bool, typer.Option("--without-store", help="The local extractor alone, without a database.")
    ] = False,
    out: Out = None,
    scorer: Scorer = None,
    show: Show = False,
    as_json: AsJson = False,
) -> None:
    """Facts kept of finished sessions (facts.jsonl)."""
    from evals import facts as kept  # noqa: PLC0415 -- each evaluation imports what it needs when it runs

    results = (
        (lambda: kept.run_without_store(file))
        if without_store
        else (lambda: kept.run(file, summariser=summariser, embedder=embedder))
    )
    _scored("facts", file, results, out, scorer, show=show, as_json=as_json)


@app.command()
def temporal(file: File, out: Out = None, scorer: Scorer = None, show: Show = False, as_json: AsJson = False) -> None:
    """Time ranges read from queries (temporal.jsonl)."""
    from evals import temporal as ranges  # noqa: PLC0415

    _scored("temporal", file, lambda: ranges.run(file), out, scorer, show=show, as_json=as_json)


@app.command()
def recall(  # noqa: PLR0917 - as for facts
    file: File,
    embedder: Embedder = "local",
    out: Out = None,
    scorer: Scorer = None,
    show: Show = False,
    as_json: AsJson = False,
) -> None:
    """Episodes found for queries (recall.jsonl)."""
    from evals import recall as found  # noqa: PLC0415

    _scored("recall", file, lambda: found.run(file, embedder=embedder), out, scorer, show=show, as_json=as_json)


@app.command()
def locomo(
    file: File,
    digests: Annotated[
        session_recall.Digests, typer.Option(help="Whose summaries and points.")
    ] = session_recall.Digests.GIVEN,
    embedder: Embedder = "local",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Session recall on LoCoMo."""
    total = len(session_recall.questions(file))
    begun = time.perf_counter()
    answers = _with_progress(session_recall.run(file, digests, embedder=embedder), total, "locomo")
    if out:
        write_predictions(map(_answered, answers), out)
    _print(
        {"digests": digests.value, **session_recall.figures(answers)}, "locomo", time.perf_counter() - begun, as_json
    )


def _answered(answer: session_recall.Answer) -> dict[str, Any]:
    asked = answer.question
    told = {"user": asked.user_id, "question": asked.text, "category": asked.category}
    return {**told, "relevant": sorted(asked.relevant), "ranked": answer.ranked}


# ---------------------------------------------------------------- the three that have a scorer
def _scored(
    kind: str, file: Path, run: Run, out: Path | None, scorer: Path | None, *, show: bool, as_json: bool
) -> None:
    """Predict every line of *file*, let the scorer judge it, print its figures."""
    if out is None:
        find_scorer(file, scorer)  # before the work, unless the predictions are wanted for themselves
    begun = time.perf_counter()
    predictions = _with_progress(run(), _expected(kind, file), kind)
    seconds = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder:
        path = out or Path(folder) / "predictions.jsonl"
        write_predictions(predictions, path)
        figures = score(kind, file, path, find_scorer(file, scorer), show=show)
    _print(figures, kind, seconds, as_json)


def _expected(kind: str, file: Path) -> int:
    """How many predictions there will be: one per line, or per query."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return sum(len(line["queries"]) for line in lines) if kind == "recall" else len(lines)


def _with_progress(results: Iterable[T] | AsyncIterator[T], total: int, title: str) -> list[T]:
    """All *results*, with a bar on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=log, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(title, total=total)
        collected: list[T] = []

        def collect(result: T) -> None:
            collected.append(result)
            progress.advance(task)

        async def drain(stream: AsyncIterator[T]) -> None:
            async for result in stream:
                collect(result)

        if isinstance(results, AsyncIterator):
            asyncio.run(drain(results))
        else:
            for result in results:
                collect(result)
    return collected


# ---------------------------------------------------------------- printing
def _print(figures: dict[str, Any], title: str, seconds: float, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
        return
    out.print(f"[bold]{title}[/bold] in {seconds:.1f} s")
    for name, rows in _tables(figures).items():
        out.print(_table(name, rows))


def _tables(figures: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The figures as tables of rows: plain ones make one row, groups a row each, groups of groups a table each."""
    plain = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    groups = {name: value for name, value in figures.items() if isinstance(value, dict)}
    nested = {name: rows for name, rows in groups.items() if any(isinstance(row, dict) for row in rows.values())}
    rows = {**({"all": plain} if plain else {}), **{name: row for name, row in groups.items() if name not in nested}}
    return {"": rows, **nested}


def _table(name: str, rows: dict[str, dict[str, Any]]) -> Table:
    """A column for every figure that any row has."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    table = Table(name, *columns)
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for label, row in rows.items():
        table.add_row(label, *("" if row.get(column) is None else str(row[column]) for column in columns))
    return table


def main() -> None:
    """Run, and say what is wrong in one line."""
    try:
        app()
    except (NoScorer, RecalldError) as error:
        log.print(f"[red]{type(error).__name__}:[/red] {error}", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
