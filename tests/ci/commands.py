"""Prints the commands of a pipeline as JSON: [[what it is for, [script, ...]], ...], each script for a shell of its own.

    commands.py gitlab.yml|bitbucket-pipelines.yml|azure-pipelines.yml|woodpecker.yml|Jenkinsfile
"""

import json, re, sys, textwrap

import yaml

path = sys.argv[1]
text = open(path).read()
name = path.rsplit("/", 1)[-1]

if name == "Jenkinsfile":
    found = re.findall(r"sh '''\n(.*?)'''|sh '([^'\n]*)'", text, re.S)
    jobs = [["", [textwrap.dedent(long) or short for long, short in found]]]
elif name == "gitlab.yml":
    jobs = [[job, ["\n".join(spec["before_script"] + spec["script"])]] for job, spec in yaml.safe_load(text).items()]
elif name == "bitbucket-pipelines.yml":
    pipelines = yaml.safe_load(text)["pipelines"]
    jobs = []
    for kind, named in pipelines.items():
        for steps in named.values():
            jobs += [[kind, ["\n".join(step["step"]["script"])]] for step in steps]
elif name == "azure-pipelines.yml":
    jobs = [["", [step["bash"] for step in yaml.safe_load(text)["steps"] if "bash" in step]]]
elif name == "woodpecker.yml":
    jobs = [[step["name"], ["\n".join(step["commands"])]] for step in yaml.safe_load(text)["steps"]]
else:
    sys.exit(f"not known: {name}")

json.dump(jobs, sys.stdout)
