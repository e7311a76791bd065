"""`plan`: what so many users need, by arithmetic from measured sizes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import ceil
from typing import Annotated

import typer

from recalld.cli import render
from recalld.cli.options import JsonOption

# Measured by `python -m benchmarks scale --sentences 9 --points 5` (summaries of 180 tokens, five points, seven vectors of 256 dimensions):
# bytes with indexes. A test compares their sum with the bytes of a database.
EPISODE_BYTES = 2_620
VECTORS_BYTES = 4_180
SESSION_BYTES = 430  # of one that has been ingested
FACTS_BYTES = 7_750  # of a user with eight, each with the statement that it rests on
USER_BYTES = 170
# Assumed, not measured: replace them by what your own installation shows.
READ_SECONDS = 0.004  # of one core, for one context()
INGEST_SECONDS = 0.31  # of one core, for one session of 40 messages with the local summariser
TURNS = 20  # a session has
PEAK = 3.0  # the busiest hour against the average
NODE_BYTES = 2_000_000_000_000  # of rows on one database node
HALF = 0.5  # of a node's cores are used at the peak
NODE_CORES = 16
MONTH_SECONDS = 30 * 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What an installation needs."""

    bytes_per_user: int  # after the months given
    database_bytes: int
    sessions_per_second: float  # at the peak
    reads_per_second: float  # at the peak
    database_cores: int
    worker_cores: int
    nodes: int  # of 16 cores and 2 TB


def plan_for(users: int, sessions_per_month: int, months: int) -> Plan:
    """The arithmetic, in the order of `Plan`'s fields."""
    episodes = sessions_per_month * months
    each = USER_BYTES + FACTS_BYTES + episodes * (EPISODE_BYTES + VECTORS_BYTES + SESSION_BYTES)
    ended = users * sessions_per_month / MONTH_SECONDS * PEAK
    reads = ended * TURNS
    cores = ceil(reads * READ_SECONDS / HALF)
    return Plan(
        bytes_per_user=each,
        database_bytes=each * users,
        sessions_per_second=round(ended, 2),
        reads_per_second=round(reads, 2),
        database_cores=cores,
        worker_cores=ceil(ended * INGEST_SECONDS / HALF),
        nodes=max(ceil(each * users / NODE_BYTES), ceil(cores / NODE_CORES), 1),
    )


def plan(
    users: Annotated[int, typer.Option(min=1, help="Users with a memory.")],
    sessions_per_month: Annotated[int, typer.Option(min=0, help="Sessions of one user in a month.")] = 100,
    months: Annotated[int, typer.Option(min=1, help="Months that episodes are kept.")] = 12,
    json: JsonOption = False,
) -> None:
    """What so many users need: bytes, cores and database nodes."""
    needed = plan_for(users, sessions_per_month, months)
    if json:
        render.as_json(asdict(needed))
        return
    lines = (
        f"{users:,} users × {sessions_per_month} sessions a month, kept for {months} months",
        f"rows and indexes   {needed.bytes_per_user / 1e6:.2f} MB per user, {needed.database_bytes / 1e12:.2f} TB in all",
        f"at the peak        {needed.sessions_per_second:,} sessions end and {needed.reads_per_second:,} contexts are read per second",
        f"database           {needed.database_cores} cores, {needed.nodes} nodes of {NODE_CORES} cores and 2 TB",
        f"workers            {needed.worker_cores} cores with the local summariser",
    )
    for line in lines:
        render.console.print(line, markup=False, highlight=False, soft_wrap=True)
