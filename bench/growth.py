"""A plot of how cost grows with the number of members: both axes in powers of ten, so that linear is a slope of one."""

from collections.abc import Mapping, Sequence
from math import log10
from pathlib import Path

PLOT = Path(__file__).with_name("growth.svg")
WIDTH, HEIGHT, LEFT, BOTTOM = 720, 420, 70, 50
COLOURS = ("#4a2f22", "#b5651d", "#2f6f5e", "#7a4fa3", "#a33b3b")


def draw(costs: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    """Write the plot: by name, how many milliseconds for how many members."""
    members = [count for points in costs.values() for count, _ in points]
    spent = [cost for points in costs.values() for _, cost in points]
    across = _Scale(min(members), max(members), LEFT, WIDTH - 230)
    up = _Scale(min(spent), max(spent), HEIGHT - BOTTOM, 30)
    lines = [
        f'<text x="{across(count):.0f}" y="{HEIGHT - 20}" text-anchor="middle">{count:,}</text>'
        for count in sorted(set(members))
    ]
    lines += [
        f'<text x="{LEFT - 8}" y="{up(cost):.0f}" text-anchor="end">{cost:,g} ms</text>'
        f'<line x1="{LEFT}" x2="{WIDTH - 230}" y1="{up(cost):.0f}" y2="{up(cost):.0f}" stroke="#ddd"/>'
        for cost in (1, 10, 100, 1000, 10_000, 100_000)
        if min(spent) <= cost <= max(spent)
    ]
    for number, (name, points) in enumerate(costs.items()):
        colour = COLOURS[number % len(COLOURS)]
        way = " ".join(f"{across(count):.0f},{up(cost):.0f}" for count, cost in points)
        lines.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines.append(f'<text x="{WIDTH - 222}" y="{up(points[-1][1]) + 4:.0f}" fill="{colour}">{name}</text>')
    PLOT.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>{"".join(lines)}</svg>\n'
    )


class _Scale:
    """From a figure to its place, in powers of ten."""

    def __init__(self, least: float, most: float, start: float, end: float) -> None:
        self._least, self._range = log10(least), max(log10(most) - log10(least), 1e-9)
        self._start, self._end = start, end

    def __call__(self, figure: float) -> float:
        return self._start + (log10(figure) - self._least) / self._range * (self._end - self._start)
