"""Report data of a session at its turning points."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from intern_action.core.digests import plan_digest
from intern_action.core.effects import Serves, Spends, WritesHub
from intern_action.core.endpoint import EndpointSpec
from intern_action.core.estimate import estimate
from intern_action.core.plan import Plan, chosen
from intern_action.core.states import State
from intern_action.core.types import Flavor, JobSpec, Quote, Step, Work
from intern_action.gate.options import make_options
from intern_action.settings.flavors import load_flavors
from intern_action.trace.report import (
    Actual,
    EndpointReport,
    JobReport,
    PlanReport,
    ReportData,
    SmokeReport,
    Spend,
    UploadReport,
)
from tests.trace.kinds import START

JOB = JobSpec(
    script="training/train_text_classification.py",
    parameters={"model": "models/minilm", "dataset": "data/mails", "epochs": "3", "lora": "true", "batch-size": "16"},
    variations=({"batch-size": "8", "accumulation": "2"}, {"batch-size": "4", "accumulation": "4"}),
    timeout_minutes=30,
    attempts=3,
    dependencies=("transformers==5.23.0", "peft==0.21.2"),
    model="models/minilm",
    model_revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    dataset="data/mails",
    dataset_revision="5d41402abc4b2a76b9719d911017c592",
)
QUOTE = Quote(
    flavor=Flavor(name="local-cpu", title="this machine, 2 cores", usd_per_hour=Decimal("0.24"), memory_gb=Decimal(24)),
    timeout_minutes=30,
    attempts=3,
    ceiling_usd=Decimal("0.36"),
    estimate_usd=Decimal("0.01"),
    estimate_minutes=Decimal(2),
    sure="measured",
)
PLAN = Plan(
    session="5d41402abc4b",
    pull_request=13,
    base="main",
    merge_base="9c1185a5c5e9fc54612808977ee8f548b2258d31",
    head_sha="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    tree="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    asks=Spends(job=JOB),
    quote=QUOTE,
    cap_usd=Decimal("0.36"),
    policy_blob="",
    requester="ada",
    call_id="c9",
    made_at=START,
    expires_at=START + timedelta(days=7),
)
WAITING = PlanReport(
    plan=PLAN,
    digest=plan_digest(PLAN),
    state="waiting",
    approvers=("grace", "linus"),
    code_needed=True,
    missing=("nobody has approved yet",),
)
STEPS = (
    Step(text="inspect model and data", state="done"),
    Step(text="write the script", state="done"),
    Step(text="try a bigger model", state="dropped"),
    Step(text="train", state="doing"),
    Step(text="report", state="todo"),
)
BODY = """# Why MiniLM

It is small and the mails are short:

- 22.7 M parameters
- reads 512 tokens, and `a < b` holds for 97 % of the mails

```python
if tokens < 512:
    print("<s>", "@lru_cache")
```
"""
TABLE = (
    "| metric | baseline | new | change |  |\n| --- | --- | --- | --- | --- |\n"
    "| accuracy | 0.9100 | 0.9637 | +0.0537 ± 0.0312 | ▲ better |\n| eval loss | 0.1010 | 0.1172 | +0.0162 | ▼ worse |\n"
)
CURVE = (
    '```mermaid\nxychart-beta\n    title "Training loss"\n    x-axis "step" 0 --> 60\n    y-axis "loss" 0 --> 0.7\n'
    "    line [0.69, 0.41, 0.2]\n```\n"
)

AT_WORK = ReportData(
    session="5d41402abc4b",
    task="fine-tune models/minilm on data/mails, tell spam from ham, with lora",
    requester="ada",
    thread=12,
    model="anthropic/claude-opus-4.8",
    branch="intern/12-fine-tune-minilm-on-the-mails",
    base="main",
    state=State.RUNNING,
    started_at=START,
    updated_at=START + timedelta(minutes=3),
    steps=STEPS,
    turns=4,
    max_turns=300,
    spend=Spend(model_usd=Decimal("0.0492"), input_tokens=16840, output_tokens=856),
    trace_html="intern-out/results/5d41402abc4b/trace.html",
    result_json="intern-out/results/5d41402abc4b/result.json",
    version="0.1.0",
)
AWAITING_REVIEW = replace(
    AT_WORK,
    state=State.AWAITING_REVIEW,
    why="up to $0.36 on local-cpu needs a review",
    title="Fine-tune MiniLM to tell spam from ham",
    body=BODY,
    plan=WAITING,
    smoke=SmokeReport(script=JOB.script, exit_code=0, seconds=11.0, tree=PLAN.tree),
    pull_request=13,
    head_sha=PLAN.head_sha,
    changes=" training/train_text_classification.py | 63 +++++\n 1 file changed, 63 insertions(+)",
    turns=9,
)
ON_GITHUB = replace(
    AWAITING_REVIEW,
    place="github",
    pull_request_url="https://github.example/team/mails/pull/13",
    trace_html="https://ci.example/t",
)
AWAITING_JOB = replace(
    AWAITING_REVIEW,
    state=State.AWAITING_JOB,
    why="training/train_text_classification.py runs on local-cpu",
    plan=replace(WAITING, state="approved", by=("grace",), missing=()),
    jobs=(
        JobReport(
            id="job-1",
            backend="local",
            launch_key="intern-3f2a-1",
            script=JOB.script,
            flavor="local-cpu",
            attempt=1,
            state="out_of_memory",
            seconds=12,
            cost_usd=Decimal("0.01"),
            message="killed at 2,048 MB",
        ),
        JobReport(
            id="job-2",
            backend="local",
            launch_key="intern-3f2a-2",
            script=JOB.script,
            flavor="local-cpu",
            attempt=2,
            state="running",
        ),
    ),
)
DONE = replace(
    AWAITING_JOB,
    state=State.DONE,
    plan=replace(
        WAITING,
        state="approved",
        by=("grace",),
        missing=(),
        actual=Actual(usd=Decimal("0.02"), seconds=107, attempts=2, memory_gb=1.13),
    ),
    why="",
    closing="The model finds 96.4 % of 340 held-out mails (95 % interval 94.4 to 97.9).\n\nLeft out: 37 duplicates.",
    steps=tuple(replace(step, state="done") for step in STEPS if step.state != "dropped"),
    jobs=(AWAITING_JOB.jobs[0], replace(AWAITING_JOB.jobs[1], state="completed", seconds=95, cost_usd=Decimal("0.01"))),
    metrics_table=TABLE,
    loss_curve=CURVE,
    classes_table="| class | F1 |\n| --- | --- |\n| ham | 0.97 |\n| spam | 0.94 |\n",
    metrics={"accuracy": 0.9637, "eval_loss": 0.1172},
    regressed=("eval_loss",),
    doubts=("they were made by different recipes (a, b)",),
    baseline="the model of session 77aa9c7e5b1d",
    model_folder="intern-out/results/5d41402abc4b/model",
    card="intern-out/results/5d41402abc4b/model/README.md",
    spend=Spend(
        model_usd=Decimal("0.132"), jobs_usd=Decimal("0.02"), unpriced=1, input_tokens=51410, output_tokens=2474
    ),
    turns=12,
    updated_at=START + timedelta(hours=2, minutes=32),
)
WORK = Work(parameters=135_000_000, method="lora", train_tokens=30_000_000, sequence_length=512, batch_size=8)
ON_THE_HUB = replace(JOB, flavor="l4x1", timeout_minutes=60, work=WORK)
OPTIONS = make_options(
    ON_THE_HUB,
    {name: hardware for name, hardware in load_flavors().items() if not name.startswith("local")},
    lambda flavor: estimate(WORK, flavor),
    now=START,
)
QUOTED = next(option.quote for option in OPTIONS if "recommended" in option.names)
TO_CHOOSE_FROM = replace(PLAN, asks=Spends(job=ON_THE_HUB), quote=QUOTED, cap_usd=QUOTED.ceiling_usd, options=OPTIONS)
WITH_OPTIONS = replace(
    ON_GITHUB,
    plan=replace(WAITING, plan=TO_CHOOSE_FROM, digest=plan_digest(TO_CHOOSE_FROM), code_needed=False, missing=()),
)
CHOSEN = replace(
    AWAITING_JOB,
    plan=replace(
        WAITING,
        plan=chosen(TO_CHOOSE_FROM, "fastest"),
        digest=plan_digest(TO_CHOOSE_FROM),
        state="approved",
        by=("grace",),
        missing=(),
        option="fastest",
    ),
)
FAILED = replace(
    AT_WORK,
    state=State.FAILED,
    why="the provider does not accept the key in ANTHROPIC_API_KEY; set another one",
    exit_code=5,
    turns=0,
)
ASKING = replace(AT_WORK, state=State.AWAITING_INPUT, why="Which column holds the label: `kind` or `tag`?")
REFUSED = replace(
    AT_WORK,
    pull_request=13,
    plan=replace(WAITING, state="refused", by=("grace",), words="One attempt will do.", missing=()),
)

OVERWRITE = replace(
    PLAN,
    asks=WritesHub(
        repository="grace/spam-filter",
        repository_type="model",
        folder="job",
        message="Better at German",
        overwrites=True,
    ),
    quote=None,
    cap_usd=Decimal(0),
    parent="1a2b3c4d5e6f708192a3b4c5d6e7f80910213243",
    content="5d41402abc4b2a76b9719d911017c59228a1b2c3",
)
OVERWRITING = replace(
    AWAITING_REVIEW,
    why="needs a review: it overwrites grace/spam-filter, which stands at 1a2b3c4; costs nothing",
    plan=PlanReport(plan=OVERWRITE, digest=plan_digest(OVERWRITE), state="waiting", approvers=("grace",)),
    smoke=None,
)

ENDPOINT = EndpointSpec(
    repository="grace/spam-filter",
    flavor="nvidia-t4-x1",
    minutes=480,
    purpose="to show it to the team on Friday",
    smoke="You have won",
)
DEPLOY = replace(
    PLAN,
    asks=Serves(endpoint=ENDPOINT),
    quote=Quote(
        flavor=Flavor(
            name="nvidia-t4-x1",
            title="Nvidia T4",
            usd_per_hour=Decimal("0.50"),
            memory_gb=Decimal(15),
            listed_on="2026-11-23",
        ),
        timeout_minutes=480,
        attempts=1,
        ceiling_usd=Decimal("4.00"),
    ),
    cap_usd=Decimal("4.00"),
    parent=OVERWRITE.parent,
    content="",
    options=(),
)
DEPLOYING = replace(
    AWAITING_REVIEW,
    why="needs a review: it makes an inference endpoint that serves grace/spam-filter on nvidia-t4-x1; costs at most $4.00",
    plan=PlanReport(plan=DEPLOY, digest=plan_digest(DEPLOY), state="waiting", approvers=("grace",)),
    smoke=None,
)
SERVING = replace(
    DONE,
    uploads=(
        UploadReport(
            kind="model",
            repository="grace/spam-filter",
            revision=OVERWRITE.parent,
            url="https://huggingface.co/grace/spam-filter/discussions/1",
            proposed=True,
        ),
        UploadReport(
            kind="dataset",
            repository="grace/mails",
            revision=OVERWRITE.parent,
            url="https://huggingface.co/datasets/grace/mails",
        ),
    ),
    endpoints=(
        EndpointReport(
            id="spam-filter-1a2b3c4d",
            repository="grace/spam-filter",
            revision=OVERWRITE.parent,
            flavor="nvidia-t4-x1",
            state="serving",
            url="https://abc.us-east-1.aws.endpoints.huggingface.cloud",
            ends_at=DONE.updated_at + timedelta(hours=8),
            asked="You have won",
            answer='[[{"label": "spam", "score": 0.98}]]',
            cost_usd=Decimal(0),
            ceiling_usd=Decimal("4.00"),
        ),
    ),
)

ALL = {
    "deploying": DEPLOYING,
    "serving": SERVING,
    "overwriting": OVERWRITING,
    "at-work": AT_WORK,
    "awaiting-review": AWAITING_REVIEW,
    "on-github": ON_GITHUB,
    "with-options": WITH_OPTIONS,
    "chosen": CHOSEN,
    "awaiting-job": AWAITING_JOB,
    "done": DONE,
    "failed": FAILED,
    "asking": ASKING,
    "refused": REFUSED,
}
