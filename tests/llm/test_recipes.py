"""The built-in planner walks a whole task through a scripted world."""

from __future__ import annotations

import dataclasses

import pytest

from intern_action.core.facts import model_facts_json
from intern_action.core.types import (
    Answer,
    Call,
    Conversation,
    DatasetFacts,
    FinishReason,
    Fit,
    ModelFacts,
    Reply,
    Wish,
    Words,
)
from intern_action.llm.recipes import RecipesModel
from tests.fakes.recipe_world import DONE, MODEL, OUT_OF_MEMORY, Book, Walk, World, given_up

TASK = "fine-tune ada/minilm on ada/mails with epochs=2"


def walked(task: str = TASK, world: World | None = None, book: Book | None = None) -> tuple[Walk, Reply]:
    walk = Walk(world=world or World(), book=book or Book())
    return walk, walk.say(task)


def names(walk: Walk) -> list[list[str]]:
    """The tools of each reply."""
    return [[call.name for call in turn.calls] for turn in walk.turns if isinstance(turn, Reply)]


def test_a_training_goes_from_looking_to_the_report_in_five_replies():
    walk, last = walked()
    assert names(walk) == [
        ["create_plan", "hf_model_load", "hf_dataset_load"],
        ["update_plan", "write_file", "write_file", "smoke_test"],
        ["update_plan", "open_pull_request", "hf_create_job"],
        ["update_plan"],
        [],
    ]
    assert last.finish is FinishReason.STOP


def test_what_runs_is_what_was_tested_and_what_the_recipe_wrote():
    walk, _ = walked()
    (job,), (smoke,) = walk.world.named("hf_create_job"), walk.world.named("smoke_test")
    assert walk.world.files == {"training/train.py": "print()", "training/config.json": "{'epochs': '2'}\n"}
    assert smoke["parameters"] == {**walk.world.parameters("hf_create_job")[0], "smoke": "true"}
    assert (job["script"], job["flavor"], job["timeout"]) == ("training/train.py", "local-cpu", "30m")
    assert (job["model_revision"], job["dataset_revision"]) == ("1" * 40, "2" * 40)
    assert job["variations"] == [{"batch-size": "8", "accumulation": "2"}, {"batch-size": "4", "accumulation": "4"}]


def test_the_report_has_the_numbers_the_cost_and_what_was_not_done():
    _, last = walked()
    assert "accuracy 0.953 (0.93 to 0.97)" in last.text
    assert "better than always saying the most frequent class (0.5)" in last.text
    assert "It cost $0.02 in 1 attempt; $0.54 was the most. It took 2.0 minutes; 2.5 were estimated." in last.text
    assert "/jobs/1/output" in last.text
    assert "one run with one seed" in last.text


def test_the_checklist_is_all_done_at_the_end():
    walk, _ = walked()
    assert {step["state"] for step in walk.world.plan} == {"done"}


def test_the_pull_request_says_why_how_it_was_tested_and_what_it_takes():
    walk, _ = walked("please fine-tune ada/minilm on ada/mails with epochs=2. Make it shine")
    (pull,) = walk.world.named("open_pull_request")
    assert pull["title"] == "Fine-tune ada/minilm on ada/mails"
    body = str(pull["body"])
    for words in (
        "ada/minilm is a BertModel",
        "exit code 0 in 9.4 s",
        "about 2.5 minutes",
        "in 2 steps at most",
    ):
        assert words in body
    assert "“Make it shine”" in body


def test_an_evaluation_makes_no_model_and_says_so():
    walk, last = walked("evaluate ada/minilm on ada/mails and push to ada/copy")
    assert walk.world.parameters("hf_create_job")[0]["evaluate-only"] == "true"
    assert walk.world.named("hf_upload_model") == []
    assert last.text.startswith("Evaluated ada/minilm on ada/mails: accuracy 0.953")
    assert "an evaluation makes no new model" in last.text


def test_the_model_is_uploaded_where_it_was_asked_for():
    walk, last = walked(f"{TASK}, push to ada/spam")
    (upload,) = walk.world.named("hf_upload_model")
    assert (upload["repository"], upload["source"]) == ("ada/spam", "job")
    assert "overwrite" not in upload
    assert "The upload to ada/spam is asked for; the pull request says when it is there" in last.text


def test_a_refused_upload_is_in_the_report():
    _, last = walked(f"{TASK}, push to ada/spam", World(failing={"hf_upload_model": "ada is full"}))
    assert "the upload to ada/spam: ada is full" in last.text


def test_after_out_of_memory_the_batch_is_halved_and_the_accumulation_doubled():
    walk, last = walked(world=World(jobs=[OUT_OF_MEMORY, OUT_OF_MEMORY, DONE]))
    sizes = [(one["batch-size"], one["accumulation"]) for one in walk.world.parameters("hf_create_job")]
    assert sizes == [("16", "1"), ("8", "2"), ("4", "4")]
    assert "It cost $0.04 in 3 attempts" in last.text
    assert "attempt 3: completed after 120 s for $0.02 with batch-size=4, accumulation=4" in last.text


def test_only_one_pull_request_is_opened_for_all_attempts():
    walk, _ = walked(world=World(jobs=[OUT_OF_MEMORY, DONE]))
    assert len(walk.world.named("open_pull_request")) == 1


def test_when_nothing_smaller_is_permitted_it_gives_up_for_the_job():
    walk, last = walked(world=World(jobs=[OUT_OF_MEMORY]))
    reason, because = given_up(last)
    assert because == "job"
    assert len(walk.world.named("hf_create_job")) == 3
    assert "ran out of memory 3 times" in reason
    assert "attempt 2: out of memory after 12 s for $0.01 with batch-size=8, accumulation=2 (tried 4 GiB)" in reason


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"state": "failed", "message": "bad_input: no column", "log_tail": "a\nlast line"}, "last line"),
        ({"state": "failed"}, "it did not say why"),
        ({"state": "timed_out", "seconds": 1800.0}, "timeout 2h"),
    ],
)
def test_a_job_that_fails_is_a_failure_in_plain_words(data: dict[str, object], words: str):
    _, last = walked(world=World(jobs=[data]))
    reason, because = given_up(last)
    assert because == "job"
    assert words in reason


def test_a_cancelled_job_is_reported_without_numbers():
    _, last = walked(world=World(jobs=[{"state": "cancelled", "seconds": 3.0, "cost_usd": "0.01"}]))
    assert last.text.startswith("The job was cancelled after 3 s for $0.01; there is no result.")


def test_a_reviewers_settings_become_a_new_plan():
    refusal = {"state": "refused", "by": "grace", "words": "too slow: use batch_size=8 and epochs=1"}
    walk, last = walked(world=World(jobs=[refusal, DONE]))
    first, second = walk.world.parameters("hf_create_job")
    assert (first["batch-size"], second["batch-size"]) == ("16", "8")
    assert walk.world.files["training/config.json"] == "{'epochs': '1', 'batch-size': '8'}\n"
    assert len(walk.world.named("smoke_test")) == 2
    assert len(walk.world.named("open_pull_request")) == 2
    assert last.text.startswith("Trained")


def test_a_reviewers_other_task_replaces_the_wish():
    refusal = {"state": "refused", "by": "grace", "words": "rather: evaluate ada/other on ada/mails"}
    walk, last = walked(world=World(jobs=[refusal, DONE]))
    assert [one["model"] for one in walk.world.named("hf_model_load")] == ["ada/minilm", "ada/other"]
    assert len(walk.world.named("hf_dataset_load")) == 1
    assert last.text.startswith("Evaluated")


def test_a_reviewers_words_that_it_cannot_follow_are_answered_with_what_it_can():
    refusal = {"state": "refused", "by": "grace", "words": "I do not like the tone of the README"}
    walk, last = walked(world=World(jobs=[refusal]))
    (question,) = [call.arguments["question"] for call in last.calls]
    assert last.calls[0].name == "ask_person"
    assert "grace refused the job: “I do not like the tone of the README”" in str(question)
    assert "`batch_size=8`" in str(question)
    assert len(walk.world.named("hf_create_job")) == 1


def test_after_such_a_refusal_settings_from_a_person_go_on():
    walk = Walk(world=World(jobs=[{"state": "refused", "by": "grace", "words": "no"}, DONE]))
    walk.say(TASK)
    assert walk.say("then with batch_size=4", by="grace").text.startswith("Trained")
    assert walk.world.parameters("hf_create_job")[-1]["batch-size"] == "4"


def test_the_same_settings_again_are_no_way_out_of_a_refusal():
    walk, last = walked(world=World(jobs=[{"state": "refused", "by": "grace", "words": "epochs=2"}]))
    assert last.calls[0].name == "ask_person"
    assert len(walk.world.named("hf_create_job")) == 1


def test_controls_refusal_ends_it():
    _, last = walked(world=World(jobs=[{"state": "refused", "by": "control", "words": "a100 is not allowed here"}]))
    reason, because = given_up(last)
    assert because == "task"
    assert "a100 is not allowed here" in reason


def test_a_setting_that_no_recipe_knows_ends_it_before_anything_is_written():
    walk, last = walked("fine-tune ada/minilm on ada/mails with temperature=2")
    assert "there is no setting temperature" in given_up(last)[0]
    assert walk.world.files == {}


def test_when_no_recipe_fits_it_says_why():
    _, last = walked(book=Book(objection="No recipe can take this model with this data."))
    assert given_up(last) == ("No recipe can take this model with this data.", "task")


@pytest.mark.parametrize("tool", ["hf_model_load", "hf_dataset_load"])
def test_an_unknown_model_or_data_set_is_said_in_the_tools_words(tool: str):
    walk, last = walked(world=World(failing={tool: "there is none; did you mean ada/minilm?"}))
    assert given_up(last) == ("there is none; did you mean ada/minilm?", "task")
    assert walk.world.files == {}


def test_both_unknown_are_said_at_once():
    _, last = walked(world=World(failing={"hf_model_load": "no model", "hf_dataset_load": "no data"}))
    assert given_up(last)[0] == "no model\nno data"


def test_answers_without_facts_are_no_reason_to_crash():
    _, last = walked(world=World(model={}, dataset={}))
    assert "holds no facts" in given_up(last)[0]


def test_a_job_without_metrics_is_reported_as_such():
    _, last = walked(world=World(jobs=[{"state": "completed", "metrics": {}}]))
    assert "The job wrote no metrics, so nothing is known of the model's quality." in last.text


@pytest.mark.parametrize(
    "metrics", [{"accuracy": 0.9}, {"metrics": []}, {"metrics": {"accuracy": "good"}}, [], None, 3]
)
def test_metrics_in_any_shape_are_reported_or_left_out(metrics: object):
    _, last = walked(world=World(jobs=[{"state": "completed", "metrics": metrics, "cost_usd": "?", "seconds": None}]))
    assert last.text.startswith("Trained")


def test_problems_that_were_seen_are_in_pull_request_and_report():
    model = {**model_facts_json(MODEL), "problems": ["no licence is named"]}
    walk, last = walked(world=World(model=model))
    assert "no licence is named" in str(walk.world.named("open_pull_request")[0]["body"])
    assert "a problem that was seen and left: no licence is named" in last.text


# --- the small test --------------------------------------------------------------------------------------------------


def test_a_small_test_that_runs_out_of_memory_is_repeated_smaller_and_the_job_with_it():
    walk, _ = walked(world=World(smokes=[{"exit_code": 42}, {"exit_code": 0}]))
    first, second = walk.world.parameters("smoke_test")
    assert (first["batch-size"], second["batch-size"]) == ("16", "8")
    (job,) = walk.world.named("hf_create_job")
    assert walk.world.parameters("hf_create_job")[0]["batch-size"] == "8"
    assert job["variations"] == [{"batch-size": "4", "accumulation": "4"}]


def test_a_small_test_that_runs_out_of_memory_twice_ends_it():
    walk, last = walked(world=World(smokes=[{"exit_code": 42}]))
    reason, because = given_up(last)
    assert because == "task"
    assert "Tried: batch-size=8, accumulation=2." in reason
    assert walk.world.named("hf_create_job") == []


def test_a_small_test_that_fails_is_said_with_its_last_lines_and_asks_for_no_money():
    walk, last = walked(world=World(smokes=[{"exit_code": 2}]))
    assert "ValueError: no column `text`" in given_up(last)[0]
    assert len(walk.world.named("smoke_test")) == 1
    assert walk.world.named("hf_create_job") == []


def test_a_small_test_that_takes_too_long_is_said():
    _, last = walked(world=World(smokes=[{"exit_code": 137, "timed_out": True}, {"exit_code": 124, "timed_out": True}]))
    assert "its time was up" in given_up(last)[0]


@pytest.mark.parametrize("tool", ["write_file", "smoke_test", "hf_create_job"])
def test_a_tool_that_fails_ends_it_with_its_words(tool: str):
    _, last = walked(world=World(failing={tool: "the disk is full"}))
    assert "the disk is full" in given_up(last)[0]


def test_words_that_the_pull_request_did_not_take_are_in_the_report():
    _, last = walked(world=World(failing={"open_pull_request": "the body is too long"}))
    assert last.text.startswith("Trained")
    assert "the words for the pull request: the body is too long" in last.text


@pytest.mark.parametrize("tool", ["create_plan", "update_plan"])
def test_a_checklist_that_cannot_be_kept_stops_nothing(tool: str):
    walk, last = walked(world=World(failing={tool: "no plan"}))
    assert last.text.startswith("Trained")
    assert len(walk.world.named(tool)) == 1


# --- killed, and asked again -----------------------------------------------------------------------------------------


def test_a_run_that_dies_in_any_call_repeats_it_and_ends_the_same():
    whole, _ = walked(f"{TASK}, push to ada/spam")
    for at in range(1, whole.answered + 1):
        walk = Walk(world=World(), kill=lambda number, _call, at=at: number == at)
        last = walk.say(f"{TASK}, push to ada/spam")
        assert last.text.startswith("Trained"), at
        assert walk.world.files == whole.world.files
        assert {step["state"] for step in walk.world.plan} == {"done"}, at
        for tool in ("hf_create_job", "hf_upload_model", "open_pull_request"):
            assert len(walk.world.named(tool)) == 1, (at, tool)


def test_a_small_test_is_repeated_when_the_file_it_tests_was_lost():
    walk = Walk(world=World(), kill=lambda number, _call: number == 5)  # in the first write
    walk.say(TASK)
    order = [call.name for call in walk.world.calls if call.name in {"write_file", "smoke_test", "hf_create_job"}]
    assert order == ["write_file", "smoke_test", "write_file", "smoke_test", "hf_create_job"]


@pytest.mark.parametrize("tool", ["hf_model_load", "smoke_test", "write_file"])
def test_a_tool_in_which_every_run_dies_is_not_tried_for_ever(tool: str):
    walk = Walk(world=World(), kill=lambda _number, call: call.name == tool)
    reason, because = given_up(walk.say(TASK))
    assert because == "task"
    assert f"in the middle of `{tool}`" in reason


@pytest.mark.parametrize("tool", ["create_plan", "update_plan"])
def test_a_checklist_in_which_every_run_dies_is_left(tool: str):
    walk = Walk(world=World(), kill=lambda _number, call: call.name == tool)
    assert walk.say(TASK).text.startswith("Trained")


def test_every_prefix_of_a_conversation_has_the_reply_it_had():
    walk = Walk(world=World(jobs=[{"state": "refused", "by": "grace", "words": "batch_size=8"}, OUT_OF_MEMORY, DONE]))
    walk.say(f"{TASK}, push to ada/spam")
    walk.say("evaluate ada/minilm on ada/mails")
    asked = RecipesModel(Book())
    for place, turn in enumerate(walk.turns):
        if isinstance(turn, Reply):
            for planner in (asked, RecipesModel(Book())):
                assert planner.answer(Conversation(system="", tools=(), turns=tuple(walk.turns[:place]))) == turn


def test_no_call_id_comes_twice_in_a_session():
    walk = Walk(world=World(jobs=[OUT_OF_MEMORY, DONE]))
    walk.say(TASK)
    walk.say("evaluate ada/minilm on ada/mails")
    ids = [call.id for call in walk.world.calls]
    assert len(ids) == len(set(ids)) > 10


def test_it_costs_nothing_and_says_so():
    reply = RecipesModel(Book()).answer(Conversation(system="", tools=(), turns=(Words(by="ada", text=TASK),)))
    assert (reply.usage.cost_usd, reply.usage.input_tokens, reply.model) == (0, 0, "recipes")


def test_its_words_are_heard_as_they_are_said():
    heard: list[str] = []
    turns = (Words(by="ada", text=TASK),)
    reply = RecipesModel(Book()).answer(Conversation(system="", tools=(), turns=turns), heard.append)
    assert heard == [reply.text]


def test_arguments_of_its_calls_are_plain_json():
    import json

    walk, _ = walked(world=World(jobs=[OUT_OF_MEMORY, DONE]))
    for call in walk.world.calls:
        assert json.loads(json.dumps(call.arguments)) == call.arguments


# --- words it does not understand, and more words --------------------------------------------------------------------


@pytest.mark.parametrize("task", ["write a poem", "", "fine-tune ada/minilm", "train", "do not train X on Y", "\0\n\n"])
def test_an_unknown_task_is_answered_with_what_it_knows(task: str):
    walk, last = walked(task)
    reason, because = given_up(last)
    assert because == "task"
    assert "fine-tune MODEL on DATASET" in reason
    assert "For example: fine-tune sentence-transformers/all-MiniLM-L6-v2 on ./data/mails" in reason
    assert "set a provider's key" in reason
    assert walk.answered == 1


def test_a_second_wish_is_walked_from_its_beginning():
    walk = Walk(world=World())
    walk.say(TASK)
    last = walk.say("now evaluate ada/minilm on ada/mails", by="grace")
    assert last.text.startswith("Evaluated")
    assert len(walk.world.named("create_plan")) == len(walk.world.named("hf_model_load")) == 2


def test_settings_after_the_end_train_again():
    walk = Walk(world=World())
    walk.say(TASK)
    last = walk.say("and now with lora")
    assert last.text.startswith("Trained")
    assert walk.world.files["training/config.json"] == "{'epochs': '2', 'lora': 'true'}\n"
    assert len(walk.world.named("hf_create_job")) == 2


def test_thanks_after_the_end_start_nothing():
    walk = Walk(world=World())
    walk.say(TASK)
    last = walk.say("what does it cost to run?")
    assert "what I did not understand: “what does it cost to run?”" in last.text
    assert len(walk.world.named("hf_create_job")) == 1


def test_retry_after_a_failed_job_asks_for_it_again():
    walk = Walk(world=World(jobs=[{"state": "failed", "message": "flaky disk"}, DONE]))
    given_up(walk.say(TASK))
    assert walk.say("retry").text.startswith("Trained")


def test_a_corrected_name_after_an_unknown_one_goes_on():
    walk = Walk(world=World(failing={"hf_model_load": "there is none"}))
    given_up(walk.say(TASK))
    walk.world.failing = {}
    assert walk.say("fine-tune ada/minilm on ada/mails").text.startswith("Trained")


def test_the_usual_flavor_and_time_limit_come_from_whoever_builds_it():
    planner = RecipesModel(Book(), flavor="t4-small", timeout_minutes=90)
    walk = Walk(world=World())
    walk.say(TASK)
    asked = next(
        place
        for place, turn in enumerate(walk.turns)
        if isinstance(turn, Reply) and "hf_create_job" in {c.name for c in turn.calls}
    )
    reply = planner.answer(Conversation(system="", tools=(), turns=tuple(walk.turns[:asked])))
    job: Call = reply.calls[-1]
    assert (job.arguments["flavor"], job.arguments["timeout"]) == ("t4-small", "90m")


class OtherBook(Book):
    """The recipes after an upgrade: another script, other variations."""

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        fit = super().fit(wish, model, data)
        job = dataclasses.replace(fit.job, variations=({"batch-size": "1"},), attempts=1, script="training/new.py")
        return dataclasses.replace(fit, files={"training/new.py": "print(2)"}, job=job)


@pytest.mark.parametrize("book", [OtherBook(), Book(objection="no longer")])
def test_recipes_that_changed_while_people_thought_change_nothing_that_was_approved(book: Book):
    walk = Walk(world=World(jobs=[OUT_OF_MEMORY, DONE]))
    walk.say(TASK)
    before_answer = next(
        n for n, turn in enumerate(walk.turns) if isinstance(turn, Answer) and turn.call.name == "hf_create_job"
    )
    later = Walk(world=World(jobs=[DONE]), book=book, turns=walk.turns[: before_answer + 1])
    last = later.go_on()
    assert last.text.startswith("Trained")
    (again,) = later.world.named("hf_create_job")
    assert (again["script"], again["attempts"]) == ("training/train.py", 3)
    assert later.world.parameters("hf_create_job")[0]["batch-size"] == "8"
    assert later.world.files == {}
    assert later.world.named("smoke_test") == later.world.named("open_pull_request") == []
