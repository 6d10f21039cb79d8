"""Writes a fast-import stream of a repository with realistic delta chains: source-like files that change
a few lines at a time. The same on every machine.

    generate.py [FILES COMMITS]"""

import random
import sys

FILES, COMMITS = map(int, sys.argv[1:] or (300, 3000))
LINES = 400
rng = random.Random(7)
words = [w for w in "alpha beta gamma delta index buffer length return static const value result error path "
         "config parse write read open close stream object commit tree branch".split()]
# Names that are given secrets are in few lines of a program.
given = ["key", "token", "secret", "password"]


def line():
    indent = "    " * rng.randrange(4)
    left = rng.choice(given if rng.random() < 0.01 else words)
    right = " ".join(rng.choice(words) for _ in range(rng.randrange(2, 8)))
    return f"{indent}{left}_{rng.randrange(1000)} = {right}; // {rng.randrange(10**6)}\n"


def emit(text):
    sys.stdout.buffer.write(text.encode())


files = [[line() for _ in range(LINES)] for _ in range(FILES)]
for commit in range(COMMITS):
    message = f"change {commit}"
    emit(f"commit refs/heads/main\ncommitter Bench <bench@localhost> {1700000000 + commit * 60} +0000\n")
    emit(f"data {len(message)}\n{message}\n")
    touched = range(FILES) if commit == 0 else [rng.randrange(FILES) for _ in range(rng.randrange(1, 6))]
    for number in set(touched):
        for _ in range(rng.randrange(1, 8)):
            files[number][rng.randrange(len(files[number]))] = line()
        if rng.random() < 0.3:
            files[number].insert(rng.randrange(len(files[number])), line())
        content = "".join(files[number])
        emit(f"M 100644 inline src/module{number % 20}/file{number}.c\ndata {len(content)}\n{content}\n")
emit("done\n")
