"""Draws lines as SVG: axes from zero, units at the axes, readable in light and dark, no scripts."""

from html import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 84, 60
STYLE = """
svg { font: 13px system-ui, sans-serif; }
.ground { fill: #fff; } text { fill: #1f2328; } .quiet { fill: #59636e; }
.grid { stroke: #d1d9e0; } .axis { stroke: #59636e; }
.a { color: #8250df; } .b { color: #0969da; } .c { color: #bc4c00; } circle { fill: currentColor; }
.line { stroke: currentColor; fill: none; stroke-width: 2.5; } .title { font-size: 16px; font-weight: 600; }
.a.line { stroke-dasharray: 7 4; } .c.line { stroke-dasharray: 2 4; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117; } text { fill: #f0f6fc; } .quiet { fill: #9198a1; }
  .grid { stroke: #30363d; } .axis { stroke: #9198a1; }
  .a { color: #ab7df8; } .b { color: #4493f8; } .c { color: #f0883e; }
}"""


def write(path, title, across, up, lines):
    """Writes a drawing of up to three lines, each a name and its points."""
    most_x = max(x for _, points in lines for x, _ in points)
    most_y = max(y for _, points in lines for _, y in points)
    step_x, step_y = step(most_x), step(most_y)
    top_y = step_y * -(-most_y // step_y)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    at_x = lambda x: LEFT + x / most_x * (right - LEFT)
    at_y = lambda y: bottom - y / top_y * (bottom - TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
           f'aria-labelledby="title what"><title id="title">{escape(title)}</title>'
           f'<desc id="what">{escape(told(across, up, lines))}</desc><style>{STYLE}</style>',
           f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
           f'<text class="title" x="{LEFT}" y="30">{escape(title)}</text>']
    for y in ticks(top_y, step_y):
        out.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{at_y(y):.1f}" y2="{at_y(y):.1f}"/>'
                   f'<text class="quiet" x="{LEFT - 8}" y="{at_y(y) + 4:.1f}" text-anchor="end">{number(y)}</text>')
    for x in ticks(most_x, step_x):
        out.append(f'<line class="axis" x1="{at_x(x):.1f}" x2="{at_x(x):.1f}" y1="{bottom}" y2="{bottom + 5}"/>'
                   f'<text class="quiet" x="{at_x(x):.1f}" y="{bottom + 20}" text-anchor="middle">{number(x)}</text>')
    out.append(f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
               f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(across)}</text>'
               f'<text transform="translate(18 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>')
    legend = LEFT
    for kind, (name, points) in zip("abc", lines):
        path_of = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
        out.append(f'<polyline class="{kind} line" points="{path_of}"/>')
        out += [f'<circle class="{kind}" cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3.5"/>' for x, y in points]
        out.append(f'<line class="{kind} line" x1="{legend}" x2="{legend + 26}" y1="54" y2="54"/>'
                   f'<text x="{legend + 32}" y="58">{escape(name)}</text>')
        legend += 52 + 7 * len(name)
    path.write_text("\n".join(out) + "\n</svg>\n")


def told(across, up, lines):
    """The numbers in words, for those who do not see the drawing."""
    say = lambda points: ", ".join(f"{y:.2f} at {number(round(x, 2))}" for x, y in points)
    return f"{up} against {across}. " + "; ".join(f"{name}: {say(points)}" for name, points in lines) + "."


def step(most):
    """A round distance between ticks: four to eight of them."""
    size = 10.0 ** -6
    while True:
        for part in (1, 2, 5):
            if most / (size * part) <= 8:
                return size * part
        size *= 10


def ticks(most, by):
    return [at * by for at in range(int(most / by + 1e-9) + 1)]


def number(value):
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.3g}"
