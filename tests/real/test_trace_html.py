"""trace.html as a browser shows it: on a desk and on a phone, with nobody on the other end of the line."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from intern_action.core.events import Entry
from intern_action.trace import html
from tests.fakes.browser import Browser
from tests.trace import stories

TEXTS = Path(__file__).parents[2] / "configs" / "texts"
STORIES = (stories.told_to_its_end, stories.full_of_tricks, stories.of_many_turns)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    for made in STORIES:
        html.write(folder / f"{made.__name__}.html", made(), texts=TEXTS, version="0.1.0")
    return {made.__name__: (folder / f"{made.__name__}.html").as_uri() for made in STORIES}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("width", [1100, 390])
def test_no_error_no_request_no_sideways_scroll(
    browser: Browser, pages: dict[str, str], story: Callable[[], tuple[Entry, ...]], width: int
):
    browser.see(width, 844)
    browser.go(pages[story.__name__])
    browser.js("document.getElementById('fold').click()")
    browser.js("new Promise(done => setTimeout(done, 200))")
    assert browser.complaints() == []
    assert browser.requests() == [pages[story.__name__]]
    assert browser.js("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)") == width


def test_the_policy_stops_a_script_that_got_in_all_the_same(browser: Browser, pages: dict[str, str]):
    browser.go(pages["told_to_its_end"])
    browser.js(
        "(() => { const s = document.createElement('script'); s.textContent = 'document.title = `owned`';"
        " document.body.append(s);"
        " const i = new Image(); i.src = 'https://127.0.0.1:9/x.png'; document.body.append(i); })()"
    )
    browser.js("new Promise(done => setTimeout(done, 200))")
    assert "owned" not in str(browser.js("document.title"))
    assert len(browser.complaints()) >= 2  # and this is how the test above would hear of it
    failed = [str(message["params"]) for message in browser.heard if message.get("method") == "Network.loadingFailed"]
    assert ["'blockedReason': 'csp'" in one for one in failed] == [True]


def test_tricks_run_nothing(browser: Browser, pages: dict[str, str]):
    browser.go(pages["full_of_tricks"])
    assert "session 5d41402abc4b" in str(browser.js("document.title"))
    assert browser.js("document.scripts.length") == 1
    assert browser.js("document.querySelectorAll('img, iframe, object, h1').length") == 1
    assert browser.js("getComputedStyle(document.querySelector('#timeline')).unicodeBidi") != "bidi-override"


def test_three_hundred_turns_are_shown_in_less_than_two_seconds(browser: Browser, pages: dict[str, str]):
    browser.see(1100, 844)
    assert browser.go(pages["of_many_turns"]) < 2.0
    assert browser.js("document.querySelectorAll('.turn').length") == 301


def test_keys_lead_through_the_timeline(browser: Browser, pages: dict[str, str]):
    browser.go(pages["told_to_its_end"])
    for _ in range(4):
        browser.press("j")
    assert browser.js("document.activeElement.id") == "turn-1"
    browser.press("o")
    assert browser.js("document.querySelectorAll('#turn-1 details[open]').length") == 2
    browser.press("k")
    assert "running" in str(browser.js("document.activeElement.textContent"))
    browser.press("/")
    assert browser.js("document.activeElement.id") == "find"


def test_one_can_look_at_failures_and_approvals_alone_and_find_words(browser: Browser, pages: dict[str, str]):
    browser.go(pages["told_to_its_end"])
    seen = "[...document.querySelectorAll('.item')].filter(one => one.offsetParent && one.id).map(one => one.id).join()"
    browser.js("document.querySelector('[data-show=failed]').click()")
    assert browser.js(seen) == "turn-5,turn-9"
    browser.js("document.querySelector('[data-show=people]').click()")
    assert browser.js(seen) == "turn-9,turn-10"
    browser.js(
        "document.querySelector('[data-show=all]').click(); const box = document.getElementById('find');"
        "box.value = '37 DUPLICATES'; box.dispatchEvent(new Event('input'))"
    )
    browser.js("new Promise(done => setTimeout(done, 300))")
    assert browser.js(seen) == "turn-2,turn-12"


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_can_be_read(browser: Browser, pages: dict[str, str], dark: bool):
    browser.see(1100, 844, dark=dark)
    browser.go(pages["told_to_its_end"])
    assert browser.js(FAINTEST) >= 4.5  # pyright: ignore[reportOperatorIssue] - a number; WCAG 2.1 AA for small text


FAINTEST = """(() => {
  const rgb = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, place) => sum + v * [.2126, .7152, .0722][place], 0);
  const ground = one => { for (; one; one = one.parentElement) { const c = rgb(getComputedStyle(one).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  let worst = 21;
  for (const one of document.querySelectorAll('body *')) {
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || one.closest('svg, script, style')) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))];
    worst = Math.min(worst, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
  }
  return worst;
})()"""
