"""Whether the model answers: its key is there, and one short question is answered."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.core.errors import InternError, Misconfigured, ModelAuth, ModelError
from intern_action.core.ports import Model
from intern_action.core.types import Conversation, Words
from intern_action.doctor._check import Check, Finding, fine, wrong
from intern_action.doctor._site import Site
from intern_action.llm.resolve import resolve
from intern_action.llm.retry import Stamina
from intern_action.llm.route import BuiltIn, route
from intern_action.settings.words import prompt
from intern_action.settings.world import world_at
from intern_action.wiring.llms import chosen_model, model_settings
from intern_action.wiring.premises import Premises

SUBJECT = "model"


def look(site: Site) -> Iterator[Finding]:
    """Ask it, once, whatever happens."""
    world = world_at(site.settings.out, site.environment)
    premises = Premises(site.settings, world, site.environment, site.clock)
    name = chosen_model(premises)
    try:
        if isinstance(route(name, model_settings(premises)), BuiltIn):
            yield fine(SUBJECT, "built_in", name=name)
            return
        once = Stamina.of(0)
        yield _asked(resolve(name, model_settings(premises), clock=site.clock, built_in={}, stamina=once), name)
    except Misconfigured as error:
        yield wrong(SUBJECT, "nowhere", said=str(error))
    except ModelAuth as error:
        yield wrong(SUBJECT, "no_key", said=str(error))
    except ModelError as error:
        yield wrong(SUBJECT, "silent", said=str(error), name=name)
    except InternError as error:
        yield wrong(SUBJECT, "failed", said=str(error))


def _asked(model: Model, name: str) -> Finding:
    try:
        usage = model.answer(
            Conversation(system="", tools=(), turns=(Words(by="doctor", text=prompt("doctor")),))
        ).usage
    finally:
        model.close()
    return fine(SUBJECT, "answers", name=name, usage=usage)


CHECK = Check(name="model", subject=SUBJECT, look=look)
