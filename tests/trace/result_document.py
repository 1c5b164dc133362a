"""Writes docs/result.md anew: `python -m tests.trace.result_document`."""

from __future__ import annotations

from intern_action.trace import result
from tests.trace.test_result import DOCUMENT, WHOLE

HEAD = """# result.json

Every session leaves a `result.json` in its results folder, beside `trace.jsonl` and `trace.html`. It is renewed at each boundary
(a review that is awaited, a job that runs, the end) and is always whole: a reader sees the old file or the new one.

- `schema_version` is 1. A later version of the program may add fields; a field that is here keeps its name, type and meaning as
  long as the number stays. So ignore what you do not know.
- Money is a string in United States dollars, so that nothing is rounded. `null` means that nobody knows; it never means free.
- Times are ISO 8601 with their zone. `finished` is `null` while the session waits or works.
- `exit_code` is what the command ended with: 0 done or waiting, 1 a fault of ours, 2 usage or configuration, 3 not allowed,
  4 turns, money or time exhausted, 5 the model's provider failed, 6 GitHub or the Hub failed, 7 stuck, 8 the job failed,
  130 and 143 interrupted with the state saved.
- `state` is one of new, running, awaiting-review, awaiting-job, awaiting-input, done, failed, stopped.

## An example

```json
{example}
```

## The schema

JSON Schema, draft 2020-12:

```json
{schema}
```
"""

if __name__ == "__main__":
    text = HEAD.replace("{example}", result.dump(WHOLE).strip()).replace("{schema}", result.schema())
    DOCUMENT.write_text(text, encoding="utf-8")
