"""The page, before a browser sees it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from intern_action.core.errors import Bug
from intern_action.trace import html
from intern_action.trace.turns import SaidView, story
from tests.trace import stories

TEXTS = Path(__file__).parents[2] / "configs" / "texts"


class Elements(HTMLParser):
    """Counts what a parser takes for elements."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.handlers: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]


def elements(text: str) -> Elements:
    parsed = Elements()
    parsed.feed(text)
    return parsed


def test_the_story_has_every_turn_call_and_word():
    told = story(stories.told_to_its_end())
    assert [turn.number for turn in told.turns] == list(range(1, 13))
    assert [item.by for item in told.items if isinstance(item, SaidView)] == ["ada", "grace", ""]
    assert [call.outcome for call in told.calls.values()].count("failed") == 2
    assert [one.told.label for one in told.approvals] == ["plan", "refused", "plan", "approved", "launched", "paid"]
    assert dict(told.metrics)["accuracy"] == "0.9637"
    assert str(told.model_usd) == "0.1320"
    assert told.turns[-1].total_usd == told.model_usd
    assert (told.input_tokens, told.output_tokens) == (11 * 4210 + 5100, 11 * 214 + 120)


def test_a_trace_begins_with_the_beginning():
    with pytest.raises(Bug):
        story(stories.told_to_its_end()[1:])


def test_the_page_shows_money_tokens_and_the_approval_beside_its_call():
    page = html.page(stories.told_to_its_end(), texts=TEXTS, version="0.1.0")
    turn = page[page.index('id="turn-10"') : page.index('id="turn-11"')]
    for words in (
        "4,210 in",
        "214 out",
        "$0.0123",
        "Σ $0.123",
        "held",
        "intern:3f2a9c7e",
        "by grace",
        "launched",
        "$0.01 for job",
    ):
        assert words in turn, words


def test_tricks_stay_words():
    clean, tricked = (
        elements(html.page(made(), texts=TEXTS)) for made in (stories.told_to_its_end, stories.full_of_tricks)
    )
    assert tricked.names.count("script") == clean.names.count("script") == 1
    assert set(tricked.names) <= set(clean.names)
    assert tricked.handlers == []
    assert not [address for address in tricked.addresses if not address.startswith(("#", "data:,"))]
    assert clean.addresses.count("https://github.example/team/mails/pull/13") == 1


def test_what_hides_in_text_is_made_visible():
    page = html.page(stories.full_of_tricks(), texts=TEXTS)
    assert not html._UNSEEN.search(page.replace("\n", ""))
    for mark in ("ESC", "BEL", "CR", "U+202E", "U+200B", "U+E0041", "U+009B", "U+2028"):
        assert f'<span class="u">{mark}</span>' in page, mark


def test_nothing_is_fetched_and_only_our_own_script_may_run():
    page = html.page(stories.told_to_its_end(), texts=TEXTS)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://github.example/a/pull/1?x=1&y=2#z", True),
        ("http://127.0.0.1:8000/a", True),
        ("javascript:alert(1)", False),
        ("https://x\u202ey", False),
        ('https://x"onload="y', False),
        ("data:text/html,x", False),
        ("//evil.example", False),
    ],
)
def test_only_web_addresses_become_links(address: str, taken: bool):
    assert bool(html._web(address)) == taken


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path):
    page = tmp_path / "out" / "trace.html"
    html.write(page, stories.told_to_its_end(), texts=TEXTS)
    before = page.read_bytes()
    with pytest.raises(Bug):
        html.write(page, stories.told_to_its_end()[1:], texts=TEXTS)
    assert page.read_bytes() == before
    assert [path.name for path in page.parent.iterdir()] == ["trace.html"]


def test_a_session_without_a_turn_has_a_page_too():
    assert "5d41402abc4b" in html.page(stories.told_to_its_end()[:1], texts=TEXTS)
