# Made by Keywright. Takes one leaked secret out of a repository's history:
#
#   git filter-repo --blob-callback FILE --message-callback FILE
#
# It may serve as --filename-callback, --name-callback, --email-callback and --refname-callback too.
# It knows the secret by a salted hash, its length and its kind of characters, and by nothing else.
# WARNING
import hashlib, re
given = dict(locals())
salt = bytes.fromhex("SALT")
wanted = bytes.fromhex("HASH")
length = LENGTH
runs = re.compile(rb"[CLASS]{LENGTH,}", re.DOTALL)
# A salt as long as SHA-256's block: its part is worked out once and copied for each run.
salted = hashlib.sha256(salt)
def is_it(window):
    state = salted.copy()
    state.update(window)
    return state.digest() == wanted
def cleaned(data):
    parts, done = [], 0
    for run in runs.finditer(data):
        at = run.start()
        while at + length <= run.end():
            if is_it(data[at:at + length]):
                parts += [data[done:at], b"***REMOVED***"]
                at = done = at + length
            else:
                at += 1
    return b"".join(parts) + data[done:] if parts else data
if "blob" in given:
    given["blob"].data = cleaned(given["blob"].data)
    return
for kind in ("message", "filename", "name", "email", "refname"):
    if kind in given:
        value = given[kind]
        return cleaned(value) if value is not None else None
