"""The files of a demo: a script that serves the model on one's own machine, and a Space that shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources

SERVE, APP, REQUIREMENTS, README = "training/serve.py", "space/app.py", "space/requirements.txt", "space/README.md"
GRADIO = "6.31.0"
NEEDS = ("torch==2.13.0", "transformers==5.23.0")
UNNAMED = "MODEL_OF_THIS_SPACE"
"""Stands in the Space's program where nobody said which repository the model goes to."""


def files(model: str) -> Mapping[str, str]:
    """Return them by path. `model` is where the model will lie on the Hub, or "true" when nobody said."""
    named = model if "/" in model else UNNAMED
    return {
        SERVE: _text("serve.py"),
        APP: _text("space/app.py").replace(f'"{UNNAMED}"', json.dumps(named)),
        REQUIREMENTS: "".join(f"{one}\n" for one in NEEDS),
        README: _readme(named),
    }


def _readme(model: str) -> str:
    """Return the Space's page; its head says how it is run (https://huggingface.co/docs/hub/spaces-config-reference)."""
    name = model.rpartition("/")[2]
    listed = f'models:\n- "{model}"\n' if model != UNNAMED else ""
    return (
        f'---\ntitle: "{name}"\nemoji: 🏷️\ncolorFrom: blue\ncolorTo: green\nsdk: gradio\nsdk_version: {GRADIO}\n'
        f"app_file: app.py\npinned: false\n{listed}---\n\n"
        f"A demo of {model}: write a text, and see how sure the model is of each class.\n\n"
        "To put it on the Hub, make a Space with the Gradio SDK and push this folder's files to it. A private model\n"
        "needs a reading token as the Space's secret HF_TOKEN.\n"
    )


def _text(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")
