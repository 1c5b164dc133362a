"""A demo of the model as a Space of Hugging Face: a field for a text, and how sure the model is of each class.

The Space reads the model from the Hub, by the name that stands below.
"""

from __future__ import annotations

import gradio
from transformers import pipeline

MODEL = "MODEL_OF_THIS_SPACE"

classify = pipeline("text-classification", model=MODEL, top_k=None)


def scores(text: str) -> dict[str, float]:
    """Return how sure the model is of each class."""
    if not text.strip():
        return {}
    return {one["label"]: one["score"] for one in classify([text], truncation=True)[0]}


demo = gradio.Interface(
    fn=scores,
    inputs=gradio.Textbox(label="A text", lines=4),
    outputs=gradio.Label(label="What it is"),
    title=MODEL,
    flagging_mode="never",
)

if __name__ == "__main__":
    demo.launch()
