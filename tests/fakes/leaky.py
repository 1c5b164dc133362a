"""Made-up secrets in every form, a model that lets them out wherever one can, and what looks for them afterwards."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote

from intern_action.trace.redact import SecretRedactor
from tests.fakes.model_server import Ask, Fail, Say, Seen, Step
from tests.fakes.small_trainer import JOB

KNOWN_NAME = "SERVICE_PASSWORD"
KNOWN = "p4ss/w+rd&Zw9lf=q7Ty?x2"
"""What the run knows to be a secret, of no shape that any pattern has."""


def letters(count: int, seed: int) -> str:
    """Return what looks random and is always the same."""
    alphabet = string.ascii_letters + string.digits
    return "".join(alphabet[byte % 62] for byte in hashlib.shake_256(bytes([seed])).digest(count))


def _spelt(value: str) -> dict[str, str]:
    raw = value.encode()
    return {
        "plain": value,
        "base64": base64.b64encode(raw).decode(),
        "base64 of more": base64.b64encode(b"u:" + raw).decode(),
        "hex": raw.hex(),
        "address": quote(value, safe=""),
        "reversed": value[::-1],
    }


_LOGIN = base64.b64encode(b"ada:Sw0rdfish-and-more").decode()
_PEM_LINES = (letters(64, 21), letters(64, 22), letters(40, 23))
SHAPES: Mapping[str, tuple[str, str]] = {
    "hf_": (f"hf_{letters(34, 1)}", ""),
    "ghp_": (f"ghp_{letters(36, 2)}", ""),
    "gho_": (f"gho_{letters(36, 3)}", ""),
    "github_pat_": (f"github_pat_{letters(22, 4)}_{letters(59, 5)}", ""),
    "sk-": (f"sk-{letters(48, 6)}", ""),
    "sk-ant-": (f"sk-ant-api03-{letters(60, 7)}", ""),
    "AKIA": ("AKIAJ7DMNRKTQ4LWZB3X", ""),
    "AWS secret": (f"AWS_SECRET_ACCESS_KEY={letters(20, 8)}/{letters(19, 9)}", f"{letters(20, 8)}/{letters(19, 9)}"),
    "xox": (f"xoxb-123456789012-{letters(24, 10)}", ""),
    "AIza": (f"AIza{letters(35, 11)}", ""),
    "JWT": (f"eyJhbGciOiJIUzI1NiJ9.{letters(40, 12)}.{letters(43, 13)}", ""),
    "PEM": (
        "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(_PEM_LINES) + "\n-----END RSA PRIVATE KEY-----",
        _PEM_LINES[1],
    ),
    "Basic": (f"Authorization: Basic {_LOGIN}", _LOGIN),
    "Bearer": (f"Authorization: Bearer {letters(40, 14)}", letters(40, 14)),
    "address with a password": (f"https://ada:{letters(18, 15)}@example.org/x.git", letters(18, 15)),
    "JSON": (f'{{"client_secret": "{letters(30, 16)}"}}', letters(30, 16)),
    "quoted": (f"SERVICE_API_KEY='{letters(30, 17)}'", letters(30, 17)),
}
"""What has the shape of a secret: how it is written, and which part of it is the secret ("": all of it)."""

FORMS: Mapping[str, str] = {
    **{f"known, {name}": form for name, form in _spelt(KNOWN).items()},
    **{name: form for name, (form, _) in SHAPES.items()},
}
"""Everything that is planted, by name."""


def needles(known: Mapping[str, str]) -> Mapping[str, str]:
    """Return what must be found nowhere, by name: every spelling of the known secrets, and the secret part of every shape.

    Args:
        known: values by name that the run knows besides.
    """
    told = {name: part or form for name, (form, part) in SHAPES.items()}
    for name, value in {KNOWN_NAME: KNOWN, **known}.items():
        told |= {f"{name}, {how}": form for how, form in _spelt(value).items() if how != "base64 of more"}
    return told


def hidden(forms: Iterable[str]) -> str:
    """Return forms as a file can hold them without holding a secret: JSON, each letter moved by thirteen."""
    return codecs.encode(json.dumps(list(forms)), "rot13")


PLANTED = "planted.txt"
"""In the repository: all forms, hidden; what shows them is run by the tools' user."""
_READ = f"import codecs, json; forms = json.loads(codecs.decode(open('{PLANTED}').read(), 'rot13'))"
_SHOW = f'{_READ}\nfor form in forms: print("-", form)'
_SPLIT = f"""{_READ}
import sys, time
for form in forms:
    for piece in (form[:len(form) // 2], form[len(form) // 2:], chr(10)):
        sys.stdout.write(piece)
        sys.stdout.flush()
        time.sleep(0.01)
"""
_NAMES = f"""{_READ}
import os
os.makedirs('build', exist_ok=True)
for form in forms:
    if '/' not in form and len(form) < 200:
        open('build/' + form, 'w').close()
print(os.listdir('build'))
"""
_FILE = f"""{_READ}
import os
os.makedirs('build/files', exist_ok=True)
for place, form in enumerate(forms):
    open(f'build/files/{{place}}.txt', 'w').write(form + chr(10))
open('build/files/all.txt', 'w').write(chr(10).join(forms))
"""
_TRAINS = f"""{_READ}
import os, pathlib, sys
out = pathlib.Path(next(word.split("=", 1)[1] for word in sys.argv if word.startswith("--output-dir=")))
out.mkdir(parents=True, exist_ok=True)
(out / "metrics.json").write_text(json.dumps({{"accuracy": 0.93, "note": forms[0] if "--leave=yes" in sys.argv else ""}}))
for form in forms: print("saw", form)
print("my token is", os.environ.get("HF_TOKEN"))
if "--break=yes" in sys.argv: raise RuntimeError(" and ".join(forms))
if "--leave=yes" in sys.argv: (out / "notes.txt").write_text("|".join([os.environ.get("HF_TOKEN") or "", *forms]))
"""


def _python(code: str) -> Ask:
    return Ask(name="bash", arguments={"command": f"python3 - <<'END'\n{code}\nEND"})


def _leaking_calls() -> list[Ask]:
    """Return calls in whose arguments a secret stands; none of them may be run."""
    return [
        Ask(name="write_file", arguments={"path": f"leak-{place}.md", "content": f"see {form}"})
        for place, form in enumerate(FORMS.values())
    ]


SAID = tuple(FORMS.values())
WORDS = " ".join(SAID)
"""All forms in one line, as somebody's error may repeat them."""
Steps: TypeAlias = Sequence[tuple[Ask, ...]]


def story(**parameters: str) -> Steps:
    """Return the calls of the shortest way to a trained model on the Hub; the training prints every form.

    Args:
        parameters: of the job; `leave="yes"` leaves the forms in its output, in the numbers, too.
    """
    return (
        (Ask(name="write_file", arguments={"path": "train.py", "content": _TRAINS}),),
        (Ask(name="smoke_test", arguments={"script": "train.py", "parameters": {"batch-size": "2"}}),),
        (
            Ask(name="open_pull_request", arguments={"title": "Train the filter", "body": "Why and how."}),
            Ask(name="hf_create_job", arguments={**JOB, "parameters": {"batch-size": "32", **parameters}}),
        ),
        (Ask(name="hf_upload_model", arguments={"repository": "ada/filter"}),),
    )


def leaks() -> Steps:
    """Return calls that show every form in output, in pieces, as names, in errors, and calls that hold them."""
    return (
        (_python(_SHOW),),
        (_python(_SPLIT),),
        (_python(_NAMES),),
        (Ask(name="read_file", arguments={"path": "build"}),),
        (_python(_FILE),),
        *((Ask(name="read_file", arguments={"path": f"build/files/{place}.txt"}),) for place in range(len(SAID))),
        (Ask(name="read_file", arguments={"path": "build/files/all.txt"}),),
        (Ask(name="bash", arguments={"command": "grep -rn . build/files; cat build/files/*/missing"}),),
        tuple(_leaking_calls()),
        (Ask(name="create_plan", arguments={"steps": ["Look", f"Use {SAID[0]}", f"Use {SAID[6]}"]}),),
        (Ask(name="open_pull_request", arguments={"title": "Train", "body": "\n".join(SAID)}),),
        (Ask(name="write_file", arguments={"path": "train.py", "content": _TRAINS}),),
        (Ask(name="smoke_test", arguments={"script": "train.py", "parameters": {"break": "yes"}}),),
    )


def commits(*, in_name: bool) -> Steps:
    """Return a call after which the checkout holds the known secret, in a file or as a file's name."""
    name = "forms[2]" if in_name else "'notes.txt'"  # the name as base64 of more: letters alone
    return ((_python(f"{_READ}\nopen({name}, 'w').write({'str()' if in_name else 'forms[0]'})"),),)


@dataclass
class LeakyModel:
    """Says every form and makes calls in order, one step a turn; at their end it says how it went.

    Args:
        steps: the calls.
        faults: what the provider does first, each once.
    """

    steps: Steps = ()
    faults: list[Step] = field(default_factory=list[Step])
    turn: int = 0

    def __call__(self, seen: Seen) -> Step:
        """Answer one request."""
        del seen
        if self.faults:
            return self.faults.pop(0)
        turn, self.turn = self.turn, self.turn + 1
        words = SAID[turn % len(SAID)]  # alone: a stream cuts it in its middle
        if turn < len(self.steps):
            return Say(text="\n".join(SAID) if turn == 0 else words, calls=self.steps[turn], reasoning=words)
        return Say(text=f"Trained: accuracy 0.93.\n{' '.join(SAID)}")


def fault(status: int, **headers: str) -> Fail:
    """Return an error of a provider that says every form."""
    return Fail(status=status, words=WORDS, headers=headers)


def is_masked(form: str) -> bool:
    """Whether nothing of a planted form is left by the redactor that a run has; a check of the forms themselves."""
    text = SecretRedactor({KNOWN_NAME: KNOWN}).text(form)
    return not any(needle in text for needle in needles({}).values())
