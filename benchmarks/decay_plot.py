"""The plot of weight against age in `docs/explanation/facts.md`, drawn from the formulas themselves.

python -m benchmarks.decay_plot > docs/explanation/decay.svg
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta

from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.decay import MOST_REINFORCEMENT, reinforcement, retention

WIDTH, HEIGHT = 780, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 210, 24, 52
FIRST, LAST = 1.0, 3650.0  # days
AGES = (
    (1, "1 day"), (3, "3 days"), (7, "1 week"), (30, "1 month"),
    (90, "3 months"), (365, "1 year"), (1095, "3 years"), (3650, "10 years"),
)  # fmt: skip
CLASSES = (
    ("identity: name, birthday", "name", "#1b4f72"),
    ("home: home_city", "home_city", "#117a65"),
    ("preferences: answer_format", "answer_format", "#b9770e"),
    ("goals and projects: goal", "goal", "#7d3c98"),
    ("dates: deadline", "deadline", "#c0392b"),
    ("whereabouts: current_location", "current_location", "#616a6b"),
)


def main(argv: Sequence[str]) -> None:
    """Print the picture; there are no options."""
    if argv:
        sys.exit("usage: python -m benchmarks decay_plot > docs/explanation/decay.svg")
    print(draw(), end="")


def draw() -> str:
    """The whole picture as SVG."""
    title = "Weight of a fact against its age, per class of attribute"
    font = 'font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font} role="img" aria-label="{title}">'
    paper = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    return "\n".join((head, paper, *axes(), *curves(), "</svg>\n"))


def axes() -> Iterator[str]:
    """Grid, ticks and titles; the age is logarithmic, because a deadline and a birthday share the picture."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for days, label in AGES:
        yield line(x(days), TOP, x(days), bottom)
        yield text(x(days), bottom + 16, label, anchor="middle")
    for share in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25):
        yield line(LEFT, y(share), right, y(share))
        yield text(LEFT - 6, y(share) + 4, f"{share:g}", anchor="end")
    yield text((LEFT + right) / 2, HEIGHT - 12, "age since the last confirmation", anchor="middle")
    yield text(LEFT - 36, TOP - 10, "weight (confidence 1)")


def curves() -> Iterator[str]:
    """One curve per class, said once, and the preferences again with three confirmations."""
    attributes = Attributes()
    label_heights = iter(y(0.97) + 22 * place for place in range(len(CLASSES) + 1))
    for label, attribute, colour in CLASSES:
        half_life = attributes.half_life(attribute)
        yield curve(half_life, colour)
        yield text(WIDTH - RIGHT + 10, next(label_heights), label, colour=colour)
    preference = attributes.half_life("answer_format")
    yield curve(preference, CLASSES[2][2], confirmations=3, dashed=True)
    yield text(WIDTH - RIGHT + 10, y(1.2), "dashed: a preference", colour=CLASSES[2][2])
    yield text(WIDTH - RIGHT + 10, y(1.2) + 15, "confirmed three times", colour=CLASSES[2][2])


def curve(half_life: timedelta | None, colour: str, *, confirmations: int = 0, dashed: bool = False) -> str:
    """Weight over all ages, for a confidence of 1."""
    steps = 120
    days = (FIRST * (LAST / FIRST) ** (step / steps) for step in range(steps + 1))
    strength = reinforcement(confirmations)
    points = " ".join(f"{x(d):.1f},{y(strength * retention(timedelta(days=d), half_life)):.1f}" for d in days)
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def x(days: float) -> float:
    """The place of an age on the logarithmic axis."""
    share = math.log(days / FIRST) / math.log(LAST / FIRST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def y(weight: float) -> float:
    """The place of a weight."""
    return HEIGHT - BOTTOM - weight / MOST_REINFORCEMENT * (HEIGHT - TOP - BOTTOM)


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    """One line of the grid."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def text(left: float, top: float, words: str, *, anchor: str = "start", colour: str = "#333333") -> str:
    """A label."""
    return f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'


if __name__ == "__main__":
    main(sys.argv[1:])
