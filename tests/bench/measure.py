"""Runs commands by turns and takes what each costs: wall seconds, CPU seconds, memory of its own.

By turns, not in blocks: every command runs once before any of them runs again, so a busy neighbour
disturbs a measure and its floor alike. A ratio is the median of the rounds' ratios."""

import os
import statistics
import sys
import time


class Command:
    """A command, and what each of its runs cost."""

    def __init__(self, *argv, told=False):
        self.argv = [str(a) for a in argv]
        # A command that says its own wall and CPU seconds measures a part of itself.
        self.told = told
        self.runs, self.said = [], ""

    def run(self):
        wall, cpu, self.said = spend(self.argv)
        if self.told:
            wall, cpu = (float(word) for word in self.said.split()[:2])
        return wall, cpu

    @property
    def wall(self):
        return statistics.median(wall for wall, _ in self.runs)

    @property
    def cpu(self):
        return statistics.median(cpu for _, cpu in self.runs)


def start(argv, output=os.devnull):
    """Starts a program that reads nothing and whose errors nobody sees."""
    opened = [(os.POSIX_SPAWN_OPEN, to, path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
              for to, path in ((0, os.devnull), (1, output), (2, os.devnull))]
    return os.posix_spawnp(argv[0], argv, os.environ, file_actions=opened)


def spend(argv):
    """Runs a command once: wall seconds, CPU seconds of it and its children, and what `walk` said."""
    output = os.path.join(os.environ["KEYWRIGHT_BENCH_WORK"], "said") if argv[0].endswith("/walk") else os.devnull
    begin = time.perf_counter()
    _, status, cost = os.wait4(start(argv, output), 0)
    wall = time.perf_counter() - begin
    # 1 is "there are leaks", or "the index differs".
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{' '.join(argv)}: ended with {os.waitstatus_to_exitcode(status)}; run it by hand to see why")
    with open(output) as text:
        return wall, cost.ru_utime + cost.ru_stime, text.read()


def by_turns(commands, rounds):
    """Runs all commands once to warm, then `rounds` times each, by turns."""
    for number in range(rounds + 1):
        for command in commands:
            cost = command.run()
            if number > 0:
                command.runs.append(cost)


def wall_ratio(measured, floor):
    return statistics.median(a / b for (a, _), (b, _) in zip(measured.runs, floor.runs))


def cpu_ratio(measured, floor):
    return statistics.median(a / b for (_, a), (_, b) in zip(measured.runs, floor.runs))


def own_memory(argv):
    """The most bytes a command holds in pages that are no file's, looked at every two milliseconds.

    Pages of a mapped pack are the page cache's: the kernel takes them back when it needs them."""
    child = start([str(a) for a in argv])
    most = 0
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        with open(f"/proc/{child}/status") as status:
            kinds = dict(line.split(":", 1) for line in status)
        most = max(most, sum(int(kinds.get(kind, "0").split()[0]) for kind in ("RssAnon", "RssShmem")))
        time.sleep(0.002)
    return most * 1024
