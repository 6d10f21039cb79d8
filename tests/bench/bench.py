"""The targets' table: what was measured, its floor in the same run, their ratio. Started by `run`."""

import argparse
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time
import tomllib

import plots
import prepare
import table
from measure import Command, by_turns, cpu_ratio, own_memory, wall_ratio
from table import Row

# Ten literals, for ripgrep.
TEN = r"ghp_|xoxb-|AKIA|sk_live_|glpat-|npm_|SG\.|hf_|PRIVATE KEY|sk-proj"


class Bench:
    """The programs, where they work, and everything they ran."""

    def __init__(self, programs, work, rounds):
        self.keywright, self.walk = programs / "keywright", programs / "examples/walk"
        self.work, self.rounds = work, rounds
        self.names = [(str(self.keywright), "keywright"), (str(self.walk), "walk")]
        self.ran = []

    def measured(self, of, commands, rounds=None):
        by_turns(commands, rounds or self.rounds)
        self.ran += [(of, self.shown(command), command) for command in commands]

    def shown(self, command):
        """The command as a reader would type it: no folder of this machine."""
        line = " ".join(f"'{a}'" if re.search(r"[|!\\ ]", a) else a for a in command.argv)
        for path, name in self.names:
            line = re.sub(rf"{re.escape(path)}(?=[ /]|$)", name, line)
        return line

    def scan(self, *args):
        return Command(self.keywright, "scan", *args)


def history(bench, of, repo):
    """The stored objects: whole, second time, by rules, with places, and what git needs for the same."""
    planted = prepare.planted(repo, bench.work, bench.walk)
    bench.names += [(str(planted), "PLANTED"), (str(repo), "REPO")]
    whole = bench.scan("--no-cache", "--history", "--format", "jsonl", repo)
    again = bench.scan("--history", "--format", "jsonl", repo)
    detect, read = Command(bench.walk, "detect", repo), Command(bench.walk, "history", repo)
    # git has one thread.
    alone = ("env", "RAYON_NUM_THREADS=1")
    detect_alone, whole_alone = Command(*alone, *detect.argv), Command(*alone, *whole.argv)
    few, many = Command(bench.walk, "many", 100, repo), Command(bench.walk, "many", 1000, repo)
    objects = Command("git", "-C", repo, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer")
    diffs = Command("git", "-C", repo, "log", "-p", "--all", "-U0")
    trace = Command(bench.walk, "trace", planted, told=True)
    walked = Command("git", "-C", planted, "rev-list", "--objects", "--all")
    bench.measured(of, [detect, objects, detect_alone, read, whole, diffs, whole_alone, again, few, many, trace, walked])
    traced = int(trace.said.split()[2])
    if traced != prepare.PLANTED:
        sys.exit(f"{traced} of {prepare.PLANTED} planted keys were traced: what is measured is not what is said")
    memory = max(own_memory(whole.argv) for _ in range(3)) / 1e6
    packs = sum(f.stat().st_size for f in pathlib.Path(repo).glob("**/objects/pack/*.pack")) / 1e6
    size = int(read.said.split()[0]) / 1e9

    def cpu(measure, command, floor, most):
        ratio = cpu_ratio(command, floor)
        target, met = (f"≤ {most:g}", ratio <= most) if most else ("", None)
        return Row(measure, command.cpu, "s CPU", floor.cpu, ratio, target, met)

    def wall(measure, command, floor, most):
        ratio = wall_ratio(command, floor)
        return Row(measure, command.wall, "s", floor.wall, ratio, f"≤ {most:g}", ratio <= most)

    second = wall_ratio(again, whole)
    rows = [
        cpu("whole history, all rules, no provenance: CPU", detect, objects, 0.6),
        cpu("the same with one thread, as git has", detect_alone, objects, 0.6),
        wall(f"the same: wall on {os.cpu_count()} cores", detect, objects, 0.35),
        cpu("reading alone, no detection", read, objects, None),
        cpu(f"provenance of {prepare.PLANTED} planted hits", trace, walked, 1.0),
        cpu("whole history with everything", whole, diffs, 0.15),
        cpu("the same with one thread, as git has", whole_alone, diffs, 0.15),
        cpu("1,000 rules against 100", many, few, 1.25),
        Row("peak memory beyond the mapped packs", memory, "MB", None, None, "≤ 300 MB", memory <= 300),
        Row("second scan, nothing new", again.wall, "s", whole.wall, second, "≤ 0.02, or 100 ms",
            second <= 0.02 or again.wall <= 0.1),
    ]
    facts = prepare.git(repo, "count-objects", "-v")
    count = sum(int(n) for n in re.findall(r"^(?:count|in-pack): (\d+)", facts, re.M))
    return f"{count:,} objects, {packs:.0f} MB of packs, {size:.2f} GB expanded", rows


def files(bench, of, repo):
    """The files of a working tree, beside ripgrep."""
    tree = prepare.checked_out(repo, bench.work)
    plain = bench.work / "plain.toml"
    lanes = [rule["id"] for file in sorted((prepare.HERE / "../../rules").glob("*.toml"))
             for rule in tomllib.loads(file.read_text()).get("rules", []) if "lane" in rule]
    plain.write_text(f"[extend]\nuseDefault = true\ndisabledRules = {lanes}\n")
    bench.names += [(str(tree), "TREE"), (str(plain), "plain.toml")]
    full = bench.scan("--files", "--format", "jsonl", tree)
    without = bench.scan("--config", plain, "--files", "--format", "jsonl", tree)
    rg = Command("rg", "--hidden", "-g", "!.git", "--count-matches", "-e", TEN, tree)
    bench.measured(of, [full, without, rg], max(bench.rounds, 10))
    rows = []
    for measure, command, most in [("working tree, without the generic lane", without, 4),
                                   ("working tree, with the generic lane", full, 8)]:
        ratio = wall_ratio(command, rg)
        rows.append(Row(measure, command.wall, "s", rg.wall, ratio, f"≤ {most}", ratio <= most))
    count = len(prepare.git(tree, "ls-files", "-z").split("\0")) - 1
    size = sum(f.lstat().st_size for f in tree.rglob("*") if f.is_file() and ".git" not in f.parts) / 1e6
    return f"{count:,} files of {size:.0f} MB", rows


def latency(bench):
    """What a person waits for: the hook, and the start."""
    repo, small = prepare.wide(bench.work), bench.work / "small.txt"
    small.write_text('hello = "world"\n')
    bench.names += [(str(repo), "WIDE"), (str(small), "small.txt")]
    diff = Command("git", "-C", repo, "diff", "--cached", "--quiet")
    staged, start = bench.scan("--staged", repo), bench.scan(small)
    version = Command(bench.keywright, "--version")
    plain, hooked = prepare.hooked(bench.work)
    for kind in ("pre-commit", "commit-msg"):
        subprocess.run([bench.keywright, "hook", "install", "--type", kind, hooked], check=True, capture_output=True)
    without, within = Command(prepare.committing(plain)), Command(prepare.committing(hooked))
    bench.names += [(str(prepare.committing(plain)), "a commit without hooks"),
                    (str(prepare.committing(hooked)), "a commit with pre-commit and commit-msg")]
    bench.measured("latency", [diff, staged, start, version, without, within], max(4 * bench.rounds, 20))
    ratio = wall_ratio(staged, diff)
    longer = wall_ratio(within, without)
    return [
        Row(f"scan --staged, 1 changed file of {prepare.WIDE:,}", staged.wall, "s", diff.wall, ratio,
            "≤ 3, or 30 ms", ratio <= 3 or staged.wall <= 0.03),
        Row("start-up to exit on one small file", start.wall, "s", None, None, "≤ 10 ms", start.wall <= 0.01),
        Row("start-up alone, --version", version.wall, "s"),
        Row(f"git commit with two hooks, 1 of {prepare.WIDE:,} files", within.wall, "s", without.wall, longer, "≤ 1.3",
            longer <= 1.3),
    ]


def machine():
    """The machine's shape, without its name."""
    known = dict(re.findall(r"^(model name|MemTotal)\s*:\s*(.*)$", "".join(
        open(f).read() for f in ("/proc/cpuinfo", "/proc/meminfo")), re.M))
    version = lambda *argv: subprocess.run(argv, capture_output=True, text=True).stdout.splitlines()[0]
    return (f"{os.cpu_count()} cores ({known.get('model name', platform.machine())}), "
            f"{int(known.get('MemTotal', '0').split()[0]) / 2**20:.0f} GiB, "
            f"{platform.system()}; {version('git', '--version')}, "
            f"{version('rg', '--version').split(' (')[0]}, {version('rustc', '--version').split(' (')[0]}")


def load():
    return "load {:.1f}, {:.1f}, {:.1f}".format(*os.getloadavg())


def main():
    args = argparse.ArgumentParser(prog="tests/bench/run")
    args.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    args.add_argument("--only", choices=["history", "files", "latency"], help="one part of the table")
    args.add_argument("--markdown", metavar="FILE", help="write the tables, and each command with its cost")
    args.add_argument("--csv", metavar="FILE", help="write every single run")
    args.add_argument("--plots", metavar="DIR", type=pathlib.Path, help="draw cost against rules and history size")
    asked = args.parse_args()
    rounds = int(os.environ.get("KEYWRIGHT_BENCH_RUNS", "5"))
    repos = [pathlib.Path(r) for r in os.environ.get("KEYWRIGHT_BENCH_REPO", "").split(":") if r]
    told = [f"{machine()}\n\n{time.strftime('%Y-%m-%d', time.gmtime())}, medians of {rounds} or more runs, {load()} at the start\n"]
    ran = []
    print(told[0])

    def tell(title, bench, rows):
        print(f"{title}\n{table.text(rows)}", flush=True)
        told.append(f"### {title}\n\n{table.markdown(table.HEAD, [r.cells() for r in rows], (1, 2, 3))}")
        spent = [[f"`{shown}`", table.quantity(c.wall, "s"), table.quantity(c.cpu, "s")] for _, shown, c in bench.ran]
        told.append(table.markdown(["command", "wall", "CPU"], spent, (1, 2)))
        ran.extend(bench.ran)
        keep()

    def keep():
        if asked.markdown:
            table.keep(pathlib.Path(asked.markdown), "\n".join(told))
        if asked.csv:
            table.write_csv(asked.csv, ran)

    with tempfile.TemporaryDirectory(prefix="keywright-bench-") as outer:
        outer = pathlib.Path(outer)
        # What earlier scans know, and git's settings, are kept apart from the user's own.
        os.environ |= {"XDG_CACHE_HOME": f"{outer}/cache", "XDG_STATE_HOME": f"{outer}/state",
                       "XDG_CONFIG_HOME": f"{outer}/config", "KEYWRIGHT_BENCH_WORK": str(outer)}
        if not repos:
            print("generating a repository …", flush=True)
            repos = [prepare.generated(outer)]
        for repo in repos if asked.only != "latency" else []:
            of = re.sub(r"\.git$", "", repo.name)
            bench = Bench(asked.programs, pathlib.Path(tempfile.mkdtemp(dir=outer)), rounds)
            shapes, rows = zip(*(part(bench, of, repo) for part in (history, files)
                                 if asked.only in (None, part.__name__)))
            tell(f"{of}: {'; '.join(shapes)}", bench, sum(rows, []))
        if asked.only in (None, "latency"):
            bench = Bench(asked.programs, pathlib.Path(tempfile.mkdtemp(dir=outer)), rounds)
            tell("What a person waits for", bench, latency(bench))
        print(f"{load()} at the end")
        told.append(f"{load()} at the end\n")
        if asked.plots:
            ran += plots.draw(Bench(asked.programs, outer, rounds), repos[-1], asked.plots)
        keep()


if __name__ == "__main__":
    main()
