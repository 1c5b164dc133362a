"""Every fault of a provider at every turn of a session, over real sockets: the work is done, or the end says that it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import pytest

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.endings import Finished
from intern_action.core.errors import ModelAuth, ModelError, ModelFiltered, ModelGarbled, ModelRefused, ModelUnreachable
from intern_action.core.ports import Desk, Model
from intern_action.llm.fallback import Falling
from intern_action.llm.line import Patience
from intern_action.llm.litellm import LiteLLM, Through
from intern_action.llm.litellm_library import litellm_environment
from intern_action.llm.openai_shaped import Endpoint, OpenAIShaped
from intern_action.llm.retry import Retrying
from intern_action.settings.words import prompt, text
from tests.fakes.histories import BEGAN
from tests.fakes.model_server import Ask, Cut, Drop, Fail, Hang, ModelServer, Raw, Say, Seen, Step
from tests.fakes.models import HandClock, WallClock, unpriced
from tests.fakes.thinking import BareDesk, CountingCheckout, ListJournal, NamedTool, SilentWatcher, StillClock

TURNS = 5
OVERFLOW = "This model's maximum context length is 4000 tokens. However, your messages resulted in 5000 tokens."

SURVIVED: dict[str, Sequence[Step]] = {
    "rate limit": [Fail(status=429, words="slow down", headers={"Retry-After": "1"})],
    "overloaded": [Fail(status=529, words="overloaded")],
    "loading": [Fail(status=503, words="loading", headers={"Retry-After": "2"})],
    "ten 500s in a row": [Fail(status=500, words="oh")] * 10,
    "a page instead of an answer": [Fail(status=502, body=b"<html>Bad Gateway</html>")],
    "not what an answer looks like": [Raw(body=b"data: nonsense\n\n")],
    "a cut stream": [Cut(say=Say(text="I have done", calls=(Ask(name="work"),)))],
    "a stream that ends politely": [Cut(say=Say(text="All is done, everything is"), politely=True)],
    "a reset connection": [Drop()],
    "a server that hangs": [Hang(seconds=5)],
    "an empty answer": [Say(text="")],
    "blanks": [Say(text=" \n")],
    "arguments cut off": [Say(calls=(Ask(name="work", arguments='{"step": 1, "no'),))],
    "arguments that are no JSON": [Say(calls=(Ask(name="work", arguments="step=1"),))],
    "arguments that are a list": [Say(calls=(Ask(name="work", arguments="[1]"),))],
    "arguments that are a text": [Say(calls=(Ask(name="work", arguments='"step 1"'),))],
    "arguments that are nothing": [Say(calls=(Ask(name="work", arguments="null"),))],
    "arguments that are a number": [Say(calls=(Ask(name="work", arguments="7"),))],
    "an unknown tool": [Say(calls=(Ask(name="wrok", arguments={"step": 0}),))],
    "duplicate ids": [Say(calls=(Ask(name="look", id="same"), Ask(name="look", id="same")))],
    "half an answer at its limit": [Say(text="I will now", finish="length")],
    "an answer the filter stopped": [Say(text="I", finish="content_filter")],
    "a context that is too long": [Fail(status=400, words=OVERFLOW)],
    "a request that is too big": [Fail(status=413, words="too large")],
}

ENDED: dict[str, tuple[Sequence[Step], type[ModelError]]] = {
    "a wrong key": ([Fail(status=401, words="invalid key")], ModelAuth),
    "a key that may not": ([Fail(status=403, words="your key may not use this model")], ModelAuth),
    "a bad request": ([Fail(status=400, words="max_tokens: 1500 is not supported")], ModelRefused),
    "no such model": ([Fail(status=404, words="no such model")], ModelRefused),
    "a filter before the answer": ([Fail(status=400, words="content_filter")], ModelFiltered),
    "a server that is gone": ([Fail(status=500, words="oh")] * 50, ModelUnreachable),
    "always empty": ([Say(text="")] * 50, ModelGarbled),
    "always cut at the limit": ([Say(text="I will now", finish="length")] * 50, ModelGarbled),
    "always filtered": ([Say(text="I", finish="content_filter")] * 50, ModelFiltered),
}


@dataclass
class Faulty:
    """A provider whose model does `work` for steps 1 to 5 and then says so; at one turn it plays its faults first."""

    at: int
    faults: Sequence[Step]
    played: int = 0

    def __call__(self, seen: Seen) -> Step:
        step = str(seen.json["messages"]).count("did step")
        if step == self.at and self.played < len(self.faults):
            self.played += 1
            return self.faults[self.played - 1]
        if step >= TURNS:
            return Say(text="Done.")
        return Say(text="On.", calls=(Ask(name="work", arguments={"step": step + 1}, id="call_0"),))


def session(model: Model) -> tuple[Loop, list[int]]:
    done: list[int] = []

    def work(arguments: object) -> str:
        done.append(int(str(cast("dict[str, object]", arguments)["step"])))
        return f"did step {done[-1]}"

    tools = (NamedTool("work", work), NamedTool("look", lambda _arguments: "nothing new"))
    loop = Loop(
        memory=Memory.of((BEGAN,)),
        model=model,
        toolbox=Toolbox(tools, lambda _effects: None),
        desk=cast("Desk", BareDesk(clock=StillClock(), checkout=CountingCheckout())),
        journal=ListJournal(),
        allowance=Allowance(turns=40),
        watcher=SilentWatcher(),
        system="be good",
        room=lambda: Room(fold_at_tokens=100_000),
        voice=Voice(prompt=prompt, text=text),
    )
    return loop, done


class Hasty(WallClock):
    """Real time, but for waits, which are over at once."""


Meet = Callable[[Faulty], tuple[Model, ModelServer]]


@pytest.fixture
def meet() -> Iterator[Meet]:
    opened: list[tuple[Model, ModelServer]] = []

    def start(faulty: Faulty) -> tuple[Model, ModelServer]:
        server = ModelServer(faulty).__enter__()
        endpoint = Endpoint(name="local/m", model="m", base_url=server.base_url)
        patience = Patience(connect_seconds=2, silence_seconds=0.4, answer_seconds=10)
        direct = OpenAIShaped(endpoint, clock=Hasty(), price=unpriced, patience=patience)
        opened.append((direct, server))
        return Retrying(direct, clock=HandClock()), server

    yield start
    for model, server in opened:
        model.close()
        server.__exit__()


@pytest.mark.parametrize("at", range(TURNS + 1))
@pytest.mark.parametrize("name", SURVIVED)
def test_a_fault_that_passes_is_survived_at_every_turn(meet: Meet, name: str, at: int):
    faulty = Faulty(at=at, faults=SURVIVED[name])
    model, _ = meet(faulty)
    loop, done = session(model)

    assert loop.run() == Finished(text="Done.")
    assert done == [1, 2, 3, 4, 5], "all of the work, each part once"
    assert faulty.played == len(SURVIVED[name])


@pytest.mark.parametrize("at", range(TURNS + 1))
@pytest.mark.parametrize("name", ENDED)
def test_a_fault_that_stays_ends_with_its_name_and_never_as_done(meet: Meet, name: str, at: int):
    faults, kind = ENDED[name]
    model, _ = meet(Faulty(at=at, faults=faults))
    loop, done = session(model)

    with pytest.raises(ModelError) as ended:
        loop.run()
    assert type(ended.value) is kind
    assert ended.value.exit_code == 5
    assert done == list(range(1, at + 1))


@pytest.mark.parametrize("name", ENDED)
def test_what_one_model_cannot_the_next_on_the_list_does(meet: Meet, name: str):
    first, _ = meet(Faulty(at=2, faults=ENDED[name][0]))
    second, _ = meet(Faulty(at=99, faults=()))
    told: list[str] = []
    loop, done = session(Falling(first, [lambda: second], tell=told.append))

    if (
        name == "always cut at the limit"
    ):  # its answers are whole answers, and the loop alone knows that they are too short
        with pytest.raises(ModelGarbled):
            loop.run()
        return
    assert loop.run() == Finished(text="Done.")
    assert done == [1, 2, 3, 4, 5]
    assert "Going on with local/m" in told[-1]


def test_a_model_that_cannot_be_made_is_passed_over_and_said(meet: Meet):
    first, _ = meet(Faulty(at=0, faults=ENDED["a wrong key"][0]))
    last, _ = meet(Faulty(at=99, faults=()))
    told: list[str] = []

    def keyless() -> Model:
        raise ModelAuth("Set OTHER_KEY")

    loop, _ = session(Falling(first, [keyless, lambda: last], tell=told.append))

    assert loop.run() == Finished(text="Done.")
    assert told[0] == "Set OTHER_KEY"


# --- through litellm, in Anthropic's shape ----------------------------------------------------------------------------

OTHER_WORDS: dict[str, Sequence[Step]] = {
    "a context that is too long": [Fail(status=400, words="prompt is too long: 5000 tokens > 4000 maximum")],
    "a filter before the answer": [Fail(status=400, words="Output blocked by content filtering policy")],
}
"""What Anthropic calls it."""


@pytest.fixture(scope="module")
def _litellm_stays_here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in litellm_environment().items():
            patch.setenv(name, value)
        yield


@contextmanager
def claude(faulty: Faulty) -> Iterator[Model]:
    """Begin a provider of Anthropic's shape, and the model that asks it."""
    name = "anthropic/claude-opus-4-8"
    with ModelServer(faulty) as server:
        through = Through(
            name=name,
            model=name,
            provider="anthropic",
            arguments={"api_key": "k", "api_base": server.root},
            secret="no key",
        )
        patience = Patience(connect_seconds=2, silence_seconds=0.6, answer_seconds=10)
        yield Retrying(LiteLLM(through, clock=Hasty(), price=unpriced, patience=patience), clock=HandClock())


@pytest.mark.usefixtures("_litellm_stays_here")
@pytest.mark.parametrize("name", SURVIVED)
def test_a_fault_that_passes_is_survived_at_every_turn_in_anthropic_s_shape(name: str):
    for at in range(TURNS + 1):
        faulty = Faulty(at=at, faults=OTHER_WORDS.get(name, SURVIVED[name]))
        with claude(faulty) as model:
            loop, done = session(model)

            assert loop.run() == Finished(text="Done."), at
            assert done == [1, 2, 3, 4, 5], at
            assert faulty.played == len(faulty.faults)


@pytest.mark.usefixtures("_litellm_stays_here")
@pytest.mark.parametrize("name", ENDED)
def test_a_fault_that_stays_ends_with_its_name_in_anthropic_s_shape(name: str):
    faults, kind = ENDED[name]
    for at in range(TURNS + 1):
        with claude(Faulty(at=at, faults=OTHER_WORDS.get(name, faults))) as model:
            loop, done = session(model)

            with pytest.raises(ModelError) as ended:
                loop.run()
            assert type(ended.value) is kind, (at, ended.value)
            assert ended.value.exit_code == 5
            assert done == list(range(1, at + 1))
