"""Tables of what was measured: for a terminal, as Markdown and as CSV."""

import csv
from dataclasses import dataclass


@dataclass
class Row:
    """A measure beside its floor and its target."""

    measure: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None

    def cells(self):
        told = {True: "yes", False: "no", None: ""}[self.met]
        ratio = "" if self.ratio is None else f"{self.ratio:.3f}" if self.ratio < 0.1 else f"{self.ratio:.2f}"
        return [self.measure, quantity(self.value, self.unit), quantity(self.floor, self.unit), ratio, self.target, told]


HEAD = ["measure", "measured", "floor", "ratio", "target", "met"]


def quantity(value, unit):
    if value is None:
        return ""
    kind = unit.split(" ")[0]
    if kind == "s" and value < 0.1:
        return f"{value * 1e3:.1f} ms{unit[1:]}"
    return f"{value:.0f} {unit}" if kind == "MB" else f"{value:.2f} {unit}"


def text(rows):
    """Columns, the numbers to the right."""
    table = [HEAD] + [row.cells() for row in rows]
    wide = [max(len(line[at]) for line in table) for at in range(len(HEAD))]
    fit = lambda at, cell: cell.ljust(wide[at]) if at in (0, 4) else cell.rjust(wide[at])
    return "\n".join("  ".join(fit(at, cell) for at, cell in enumerate(line)).rstrip() for line in table) + "\n"


def markdown(head, lines, right=()):
    """A table; the columns of `right` hold numbers."""
    rule = ["---:" if at in right else "---" for at in range(len(head))]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *escaped]) + "\n"


def keep(path, tables):
    """Writes tables to a file; in a page with two marks for them, between the marks."""
    begin, end = "<!-- tests/bench/run writes what follows -->\n", "<!-- up to here -->\n"
    page = path.read_text() if path.exists() else ""
    if begin in page and end in page:
        tables = f"{page.split(begin)[0]}{begin}\n{tables}\n{end}{page.split(end)[1]}"
    path.write_text(tables)


def write_csv(path, commands):
    """Every run of every command: `commands` are triples of repository, what was run, and the command."""
    with open(path, "w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["of", "command", "run", "wall s", "CPU s"])
        for of, shown, command in commands:
            for number, (wall, cpu) in enumerate(command.runs, 1):
                rows.writerow([of, shown, number, f"{wall:.6f}", f"{cpu:.6f}"])
