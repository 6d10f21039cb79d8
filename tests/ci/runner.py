"""Runs the steps of action.yml, or of one job of a workflow, as GitHub's runner would.

    runner.py action.yml  ROOM < {"inputs": {...}, "github": {...}, "env": {...}}
    runner.py workflow.yml#JOB ROOM < the same

Expressions are evaluated as far as the files here go: paths, strings, `==`, `!=`, `!`, `&&`, `||`,
`cancelled()`, `always()`. Anything else ends the run: what is not understood is not tried.
Steps with `uses` are listed, not run, but for `uses: ./` and OWNER/keywright, which is action.yml.
Prints one JSON object: outputs, the steps with their exit codes, and what they said.
"""

import json, os, re, subprocess, sys, uuid

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|[!()])|([A-Za-z_][A-Za-z0-9_.-]*))")


def evaluate(text, world, well):
    """Returns the value of an expression."""
    tokens, at = [], 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if not match:
            sys.exit(f"not understood: {text}")
        tokens.append(match.group(1) or match.group(2) or match.group(3))
        at = match.end()

    def primary():
        token = tokens.pop(0)
        if token == "(":
            value = either()
            tokens.pop(0)
            return value
        if token == "!":
            return not primary()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if tokens[:1] == ["("]:
            del tokens[:2]
            return {"cancelled": False, "always": True, "success": well, "failure": not well}[token]
        value = world
        for part in token.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return "" if value is None else value

    def equal():
        value = primary()
        while tokens and tokens[0] in ("==", "!="):
            same = tokens.pop(0) == "=="
            value = (value == primary()) == same
        return value

    def both():
        value = equal()
        while tokens and tokens[0] == "&&":
            tokens.pop(0)
            other = equal()
            value = value and other
        return value

    def either():
        value = both()
        while tokens and tokens[0] == "||":
            tokens.pop(0)
            other = both()
            value = value or other
        return value

    value = either()
    if tokens:
        sys.exit(f"not understood: {text}")
    return value


def fill(text, world, well=True):
    """Fills the expressions of a text, as the runner does before anything is run."""
    if not isinstance(text, str):
        return str(text).lower() if isinstance(text, bool) else str(text)
    def one(match):
        value = evaluate(match.group(1), world, well)
        return str(value).lower() if isinstance(value, bool) else str(value)
    return re.sub(r"\$\{\{(.*?)\}\}", one, text)


def wanted(step, world, well):
    condition = str(step.get("if", "success()"))
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", condition)
    condition = inner.group(1) if inner else condition
    if not re.search(r"\b(always|cancelled|success|failure)\(\)", condition):
        condition = f"success() && ({condition})"
    return bool(evaluate(condition, world, well))


def outputs(path):
    """Reads GITHUB_OUTPUT: NAME=VALUE, or NAME<<END."""
    found, lines = {}, open(path).read().splitlines()
    while lines:
        line = lines.pop(0)
        if "<<" in line and "=" not in line.split("<<")[0]:
            name, end = line.split("<<", 1)
            value = []
            while lines[0] != end:
                value.append(lines.pop(0))
            lines.pop(0)
            found[name] = "\n".join(value)
        else:
            name, _, value = line.partition("=")
            found[name] = value
    return found


class Runner:
    def __init__(self, world, env, room):
        self.world, self.env, self.room, self.said = world, env, room, []

    def steps(self, steps, inputs, action_path=None):
        """Runs steps; returns whether all went well, and what each put out."""
        world = {**self.world, "inputs": inputs, "steps": {}}
        well = True
        for step in steps:
            if not wanted(step, world, well):
                self.said.append({"step": step.get("id") or step.get("uses") or "", "skipped": True})
                continue
            if "uses" in step:
                ok, put_out = self.uses(step, world)
            else:
                ok, put_out = self.run(step, world, action_path)
            well = well and ok
            if "id" in step:
                world["steps"][step["id"]] = {"outputs": put_out}
        return well, world["steps"]

    def uses(self, step, world):
        given = {k: fill(v, world) for k, v in step.get("with", {}).items()}
        if step["uses"] == "./" or step["uses"].startswith("OWNER/keywright@"):
            return self.action(given)
        self.said.append({"uses": step["uses"], "with": given})
        return True, {}

    def action(self, given):
        action = yaml.safe_load(open(os.path.join(ROOT, "action.yml")))
        unknown = set(given) - set(action["inputs"])
        if unknown:
            sys.exit(f"action.yml has no inputs {unknown}")
        inputs = {k: given.get(k, fill(v.get("default", ""), self.world)) for k, v in action["inputs"].items()}
        well, steps = self.steps(action["runs"]["steps"], inputs, ROOT)
        world = {**self.world, "steps": steps}
        return well, {k: fill(v["value"], world) for k, v in action["outputs"].items()}

    def run(self, step, world, action_path):
        if "${{" in step["run"]:
            sys.exit(f"an expression stands in run: {step['run']}")
        script = os.path.join(self.room, f"{uuid.uuid4()}.sh")
        put_out = os.path.join(self.room, f"{uuid.uuid4()}.output")
        open(script, "w").write(step["run"])
        open(put_out, "w").close()
        env = {**self.env, "GITHUB_OUTPUT": put_out}
        env.update({k: fill(v, world) for k, v in step.get("env", {}).items()})
        if action_path:
            env["GITHUB_ACTION_PATH"] = action_path
        folder = os.path.join(env["GITHUB_WORKSPACE"], fill(step.get("working-directory", "."), world))
        # A workflow that names no shell gets one that does not mind a broken pipe.
        shells = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]}
        done = subprocess.run(
            [*shells[step.get("shell")], script],
            cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=110,
        )
        text = (done.stdout + done.stderr).decode(errors="replace")
        self.said.append({"step": step.get("id", ""), "code": done.returncode, "said": text})
        return done.returncode == 0, outputs(put_out)


def main():
    file, _, job = sys.argv[1].partition("#")
    asked = json.load(sys.stdin)
    github = asked.get("github", {})
    world = {"github": github, "env": asked["env"], "runner": {"temp": asked["env"]["RUNNER_TEMP"]}}
    runner = Runner(world, asked["env"], sys.argv[2])
    if job:
        workflow = yaml.safe_load(open(file))
        spec = workflow["jobs"][job]
        runner.env.update({k: fill(v, world) for k, v in {**workflow.get("env", {}), **spec.get("env", {})}.items()})
        well, steps = runner.steps(spec["steps"], {})
        put_out = {k: v["outputs"] for k, v in steps.items()}
    else:
        well, put_out = runner.action(asked.get("inputs", {}))
    json.dump({"well": well, "outputs": put_out, "steps": runner.said}, sys.stdout)


main()
