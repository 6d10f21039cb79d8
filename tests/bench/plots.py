"""Measures cost against the number of rules and against the size of a history, and draws both."""

import pathlib
import tempfile

import drawing
import prepare
from measure import Command, by_turns

RULES = (10, 50, 100, 250, 500, 1000)
PERCENTS = (10, 25, 50, 100)


def draw(bench, repo, folder):
    """Writes performance-rules.svg and performance-history.svg; returns what was run for them."""
    folder.mkdir(parents=True, exist_ok=True)
    name = repo.name.removesuffix(".git")
    by_rules, ran = rules(bench, repo)
    drawing.write(folder / "performance-rules.svg", f"{name}: CPU time against the number of rules",
                  "rules (made ones, each with its own prefix)", "CPU seconds", by_rules)
    by_size, more = history(bench, repo)
    drawing.write(folder / "performance-history.svg", f"{name}: CPU time against the size of the history",
                  "GB of expanded blobs and messages", "CPU seconds", by_size)
    return ran + more


def objects(repo):
    return Command("git", "-C", repo, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer")


def rules(bench, repo):
    """Lines of (rules, seconds), and what was run."""
    many = [Command(bench.walk, "many", count, repo) for count in RULES]
    read, floor = Command(bench.walk, "history", repo), objects(repo)
    by_turns([floor, read, *many], bench.rounds)
    ends = (RULES[0], RULES[-1])
    lines = [
        ("git cat-file, every object", [(at, floor.cpu) for at in ends]),
        ("keywright, this many rules", [(at, command.cpu) for at, command in zip(RULES, many)]),
        ("keywright, reading alone", [(at, read.cpu) for at in ends]),
    ]
    named = [("git cat-file", floor), ("walk history", read)]
    named += [(f"walk many {count}", command) for count, command in zip(RULES, many)]
    return lines, [("plot of rules", *one) for one in named]


def history(bench, repo):
    """Lines of (gigabytes, seconds), and what was run."""
    ran, scans, floors = [], [], []
    for percent in PERCENTS:
        with tempfile.TemporaryDirectory(dir=bench.work) as work:
            part = prepare.prefix(repo, pathlib.Path(work), percent)
            read, floor = Command(bench.walk, "history", part), objects(part)
            scan = bench.scan("--no-cache", "--history", "--format", "jsonl", part)
            by_turns([floor, read, scan], bench.rounds)
        size = int(read.said.split()[0]) / 1e9
        scans.append((size, scan.cpu))
        floors.append((size, floor.cpu))
        of = f"plot of history, {percent} % of the main line"
        ran += [(of, "git cat-file", floor), (of, "walk history", read), (of, "keywright scan --history", scan)]
    return [("git cat-file, every object", floors), ("keywright scan, all rules, with places", scans)], ran
