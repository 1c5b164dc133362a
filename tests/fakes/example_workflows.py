"""The workflows that `init` writes: the shipped ones where they lie in `configs/examples`, else small ones of the same names."""

from __future__ import annotations

from pathlib import Path

from intern_action.settings.places import configs

KINDS = ("quickstart", "hardened")

MAIN = """\
name: intern
on:
  issue_comment:  # zizmor: ignore[dangerous-triggers] a comment is judged by its author, and no head is checked out
    types: [created]
  workflow_run:  # zizmor: ignore[dangerous-triggers] it wakes, and is believed nothing
    workflows: [intern-doorbell]
    types: [completed]
permissions: {}
concurrency:
  group: intern
jobs:
  intern:
    if: github.event_name != 'issue_comment' || startsWith(github.event.comment.body, '/intern')
    runs-on: ubuntu-24.04
ENVIRONMENT    permissions:
      actions: write  # wakes itself
      checks: write  # results
      contents: write  # branches
      issues: write  # comments
      pull-requests: write  # pull requests
    steps:
      - uses: docker://example.com/intern@sha256:0000000000000000000000000000000000000000000000000000000000000000
        env:
          GITHUB_TOKEN: ${{ github.token }}
          ANTHROPIC_API_KEY: ${{ secrets.ANTHROPIC_API_KEY }}
          HF_TOKEN: ${{ secrets.HF_TOKEN }}
          HF_WRITE_TOKEN: ${{ secrets.HF_WRITE_TOKEN }}
          HF_JOB_TOKEN: ${{ secrets.HF_JOB_TOKEN }}
          INTERN_LEDGER_SECRET: ${{ secrets.INTERN_LEDGER_SECRET }}
"""

DOORBELL = """\
name: intern-doorbell
on:
  pull_request_review:
    types: [submitted, dismissed]
permissions: {}
concurrency:
  group: intern-doorbell
jobs:
  ring:
    name: ring
    runs-on: ubuntu-24.04
    steps:
      - name: Ring
        run: "true"
"""


TIMER = """\
name: intern-timer
on:
  schedule:
    - cron: "*/5 * * * *"
"""


def examples(folder: Path) -> Path:
    """Return the folder with the workflows of both kinds."""
    shipped = configs() / "examples"
    if (shipped / "quickstart" / "intern.yml").is_file():
        return shipped
    for kind in KINDS:
        place = folder / kind
        place.mkdir(parents=True, exist_ok=True)
        environment = "    environment: intern\n" if kind == "hardened" else ""
        (place / "intern.yml").write_text(MAIN.replace("ENVIRONMENT", environment), encoding="utf-8")
        timer = TIMER + MAIN[MAIN.index("permissions: {}") :].replace("group: intern", "group: intern-timer")
        (place / "intern-timer.yml").write_text(timer.replace("ENVIRONMENT", environment), encoding="utf-8")
        (place / "intern-doorbell.yml").write_text(DOORBELL, encoding="utf-8")
    return folder
