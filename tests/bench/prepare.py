"""The repositories and folders a benchmark needs, made in a temporary folder."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PLANTED = 100
WIDE = 80_000


def git(repo, *args, feed=None):
    """Runs git on a repository and returns what it said; `feed` is a program whose output git reads."""
    source = subprocess.Popen(feed, stdout=subprocess.PIPE) if feed else None
    said = subprocess.run(["git", "-C", str(repo), *map(str, args)], check=True, text=True,
                          stdin=source.stdout if source else subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
    if source and source.wait() != 0:
        sys.exit(f"{feed[1]} failed")
    return said


def bare(folder):
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", str(folder)], check=True)
    return folder


def generated(work, *size):
    """A history with realistic chains of deltas, the same on every machine."""
    repo = bare(work / "generated")
    git(repo, "fast-import", "--quiet", feed=["python3", HERE / "generate.py", *map(str, size)])
    # One thread, or which deltas are found differs from run to run; and anew, because importing finds few.
    git(repo, "-c", "gc.auto=0", "-c", "pack.threads=1", "repack", "-adfq", "--depth=50", "--window=20")
    return repo


def checked_out(repo, work):
    """The files of `HEAD`, in a repository of their own."""
    tree = work / "tree"
    tree.mkdir()
    archive = subprocess.Popen(["git", "-C", str(repo), "archive", "HEAD"], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(tree)], check=True, stdin=archive.stdout)
    git(tree, "init", "-q")
    git(tree, "add", "-A", "-f")
    return tree


def planted(repo, work, walk):
    """The same history with keys on old commits. What it has already is shared, not copied."""
    clone = work / "planted"
    subprocess.run(["git", "clone", "-q", "--mirror", "--shared", str(repo), str(clone)], check=True)
    keys = work / "keys"
    keys.write_bytes(subprocess.run([walk, "keys", str(PLANTED)], check=True, capture_output=True).stdout)
    git(clone, "fast-import", "--quiet", feed=["python3", HERE / "plant.py", clone, keys])
    return clone


def wide(work):
    """A repository of many small files; one of them is staged."""
    repo = work / "wide"
    subprocess.run(["git", "init", "-q", "--initial-branch=main", str(repo)], check=True)
    stream = work / "wide.stream"
    with open(stream, "w") as out:
        out.write("commit refs/heads/main\ncommitter Bench <bench@localhost> 1700000000 +0000\ndata 5\nfirst\n")
        for number in range(WIDE):
            text = f"int f{number} = {number};\n"
            path = f"area{number // 2000}/part{number // 50 % 40}/file{number % 50}.c"
            out.write(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")
    git(repo, "fast-import", "--quiet", feed=["cat", str(stream)])
    git(repo, "read-tree", "HEAD")
    changed = work / "changed.c"
    changed.write_text("int changed;\n")
    blob = git(repo, "hash-object", "-w", changed).strip()
    git(repo, "update-index", "--cacheinfo", f"100644,{blob},area7/part7/file7.c")
    return repo


def hooked(work):
    """The same repository twice, checked out enough to commit: without hooks, and with the three of ours."""
    plain, hooked = work / "plain", work / "hooked"
    for repo in (plain, hooked):
        subprocess.run(["cp", "-r", str(work / "wide"), str(repo)], check=True)
        git(repo, "config", "user.name", "Bench")
        git(repo, "config", "user.email", "bench@localhost")
        git(repo, "config", "gc.auto", "0")
    return plain, hooked


def committing(repo):
    """A commit of one changed file, as a program to be timed."""
    script = repo.with_suffix(".sh")
    line = f"cd '{repo}' && date +%N >changed.c && git add changed.c && git commit --quiet --message=change"
    script.write_text(f"#!/bin/sh\n{line}\n")
    script.chmod(0o755)
    return script


def prefix(repo, work, percent):
    """The history up to a commit that so many of a hundred on the main line do not come after."""
    line = git(repo, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    tip = line[max(len(line) * percent // 100, 1) - 1]
    part = bare(work / f"first{percent}")
    git(part, "-c", "gc.auto=0", "-c", "fetch.unpackLimit=1", "fetch", "-q", "--no-tags", os.path.abspath(repo),
        f"{tip}:refs/heads/main")
    return part
