"""Writes a fast-import stream that plants keys, one a commit, on commits spread over a history.

    plant.py REPO KEYS        each key of a file stands on a branch of its own, grown from an old commit"""

import subprocess
import sys

repo, file = sys.argv[1:]
keys = open(file).read().split()
commits = subprocess.run(["git", "-C", repo, "rev-list", "--topo-order", "--branches", "--tags"],
                         check=True, capture_output=True, text=True).stdout.split()
for number, key in enumerate(keys):
    old = commits[number * (len(commits) - 1) // (len(keys) - 1)]
    text = f"# settings of host {number}\ntoken: {key}\nregion: north\n"
    message = f"settings of host {number}"
    print(f"commit refs/heads/planted/{number}\n"
          f"committer Bench <bench@localhost> {1700000000 + number} +0000\n"
          f"data {len(message)}\n{message}\nfrom {old}\n"
          f"M 100644 inline deploy/hosts/host{number}.yml\ndata {len(text)}\n{text}")
