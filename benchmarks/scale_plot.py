"""A picture of times against numbers of users, both on logarithmic axes, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 780, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 210, 24, 52
TIMES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class Line:
    """A curve."""

    name: str
    colour: str
    points: Sequence[tuple[int, float]]  # users, milliseconds


@dataclass(frozen=True, slots=True)
class Axes:
    """Where a number of users and a time lie."""

    users: tuple[int, int]  # smallest, largest
    milliseconds: tuple[float, float]

    @classmethod
    def around(cls, lines: Sequence[Line]) -> Axes:
        """Axes on which all *lines* have room."""
        users = [users for line in lines for users, _ in line.points]
        times = [milliseconds for line in lines for _, milliseconds in line.points]
        lowest = max((mark for mark in TIMES if mark <= min(times)), default=TIMES[0])
        highest = min((mark for mark in TIMES if mark >= max(times)), default=TIMES[-1])
        return cls(users=(min(users), max(users)), milliseconds=(lowest, highest))

    def x(self, users: float) -> float:
        """The place of a number of users."""
        return LEFT + _share(users, *self.users) * (WIDTH - LEFT - RIGHT)

    def y(self, milliseconds: float) -> float:
        """The place of a time."""
        return HEIGHT - BOTTOM - _share(milliseconds, *self.milliseconds) * (HEIGHT - TOP - BOTTOM)


def draw(lines: Sequence[Line]) -> str:
    """The whole picture."""
    axes = Axes.around(lines)
    title = "Median time of context() against the number of users"
    font = 'font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font} role="img" aria-label="{title}">'
    paper = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    return "\n".join((head, paper, *_grid(axes, lines), *_curves(axes, lines), "</svg>\n"))


def _grid(axes: Axes, lines: Sequence[Line]) -> Iterator[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for users, _ in lines[0].points:
        yield _rule(axes.x(users), TOP, axes.x(users), bottom)
        yield _text(axes.x(users), bottom + 16, f"{users:,}", anchor="middle")
    for mark in TIMES:
        if axes.milliseconds[0] <= mark <= axes.milliseconds[1]:
            yield _rule(LEFT, axes.y(mark), right, axes.y(mark))
            yield _text(LEFT - 6, axes.y(mark) + 4, f"{mark}", anchor="end")
    yield _text((LEFT + right) / 2, HEIGHT - 12, "users in the database", anchor="middle")
    yield _text(LEFT - 36, TOP - 10, "median of context(), milliseconds")


def _curves(axes: Axes, lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        points = " ".join(f"{axes.x(users):.1f},{axes.y(time):.1f}" for users, time in line.points)
        yield f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="2"/>'
        users, time = line.points[-1]
        yield _text(axes.x(users) + 10, axes.y(time) + 4, line.name, colour=line.colour)


def _share(value: float, lowest: float, highest: float) -> float:
    """Where *value* lies between the two, by its logarithm."""
    return math.log(value / lowest) / math.log(highest / lowest) if highest > lowest else 0.5


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _text(left: float, top: float, words: str, *, anchor: str = "start", colour: str = "#333333") -> str:
    return f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
