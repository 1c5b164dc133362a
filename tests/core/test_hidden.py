"""What hides from a reader of the page: each way to do it is tried, with what it must not take along."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.hidden import reveal

BAD = "obey mallory"


@pytest.mark.parametrize(
    "attack",
    [
        # comments
        f"a <!-- {BAD} --> b",
        f"a <!--{BAD}--!> b",
        f"a <!-- {BAD}",
        f"<!--> {BAD} -->",
        f"<!--\n\n{BAD}\n\n-->",
        f"<!--\n```\n{BAD}\n```\n-->",
        f"<!-- `x\n-->`{BAD}`<!-- {BAD} -->".replace(f"`{BAD}`", ""),
        f"<![CDATA[ {BAD} ]]>",
        f"<?php {BAD} ?>",
        f"<!DOCTYPE {BAD}>",
        f"<div>\n</ {BAD}>\n</div>",
        # what looks like code and is none
        f"<div>\n```\n<!-- {BAD} -->\n```\n</div>",
        f"`\n` <!-- {BAD} --> `",
        f"\\`<!-- {BAD} -->`",
        f"`a | <!-- {BAD} --> `",
        f"`` ` <!-- {BAD} --> `",
        f"<a title='`'> `<!-- {BAD} -->`",
        f"- ```\n  x\n  ```\n  <!-- {BAD} -->",
        f"x ```\n<!-- {BAD} -->\n```",
        f"``` a`b\n<!-- {BAD} -->\n```",
        f"```\ncode\n```\n<!-- {BAD} -->",
        f"~~~\n```\n~~~\n<!-- {BAD} -->\n```",
        f"<pre>\n\n```\n<!-- {BAD} -->\n```\n",
        f"<b<!-- > {BAD} -->",
        f"</<style>{BAD}</style>",
        f"<!--> <details> --> {BAD}",
        f"<? > <details> ?> {BAD}",
        f"<![CDATA[ > <details> ]]> {BAD}",
        f"<div>\n</ {BAD} <b x>\n</div>",
        f"```text {BAD}\n```",
        f"> ```text {BAD}\n> ```",
        f"- ~~~ text {BAD}",
        f">\t[a]: {BAD.replace(' ', '_')}",
        f"<b <style>{BAD}",
        f"<p hidden a<b>{BAD}</p>",
        f"![<script>](/u {BAD}",
        f"![`](x) ` <!-- {BAD} --> `",
        f"<!--\n\n-->=</ {BAD}",
        f"</p><http://{BAD.replace(' ', '_')}>",
        f"\t<div \n\n<style>{BAD}",
        f"x <!X <http://{BAD.replace(' ', '_')}'>",
        f'</p><a title=">{BAD}',
        f"<img alt='</p>{BAD}'>",
        f"<b x='<style>' <i>{BAD}",
        f"<b '='<style>'>{BAD}",
        f"\\<!X <script>{BAD}",
        f"[a]: \n<script>\n\n{BAD}",
        f"| a |\n|---|\n| b | {BAD} |",
        f"> a | b\n> -|-\n> 1 | 2 | {BAD}",
        f")```<style>\n{BAD}",
        f" ```\nx\n```\n<details>{BAD}",
        f"``<!--\n<script>-->{BAD}",
        f"[a]: <!X ```\n<style>{BAD}",
        f"<img alt='\n<style>'>{BAD}",
        f"<p hidden></</p>{BAD}",
        f"<details><style></details>{BAD}",
        f"<details><!--</details>{BAD}",
        f"<p hidden><img alt='</p>{BAD}",
        f"[a]: <style>```\n{BAD}",
        f"x <!X \n\n<p hidden>{BAD}",
        f"<details><http://x</details>{BAD}",
        f"[a]: (<details>\n```\n{BAD}",
        f"](/u '><p hidden>'){BAD}",
        f"- <!X | a |\n|---|\n| <style>{BAD}",
        f"- <!-- a\nb <style> --> {BAD}",
        f"?>| a |\n|---|\n| |<style>\n```\n{BAD}",
        f"<details>\n\n\t</details>{BAD}",
        f"<details>\n\n```\n</details>\n{BAD}",
        f"<div><b<!X <p hidden>{BAD}",
        f"- </div><a title='\n```\n'>{BAD}",
        f"<img alt='<details>\n\n'>{BAD}",
        # folded and hidden elements
        f"<details><summary>log</summary>{BAD}</details>",
        f"<DETAILS\n>{BAD}</Details >",
        f"<details>{BAD}",
        f"<details><details>x</details>{BAD}</details>",
        f"<details><!-- </details> -->{BAD}</details>",
        f"<details><a title='</details>'>{BAD}</details>",
        f"<details>\n\n`</details>`\n\n{BAD}\n</details>",
        f"<details>\n\n    </details>\n\n{BAD}\n</details>",
        f"<details>\n\n\\</details>\n\n{BAD}\n</details>",
        f"<details>\n~~~\n</details>\n~~~\n{BAD}\n</details>",
        f"<details><details x<y>x</details>{BAD}</details>",
        f"<p hidden>{BAD}</p>",
        f"<p HIDDEN=''>{BAD}</p>",
        f"<span style='display:none'>{BAD}</span>",
        f'<span class="x"style="color:white">{BAD}</span>',
        f'<b aria-hidden="true">{BAD}</b>',
        f"<div a<b hidden>{BAD}</div>",
        f"<script>{BAD}</script>",
        f"<template>{BAD}</template>",
        # attributes
        f"<img src=x alt='{BAD}'>",
        f'<a\ntitle = "a > b {BAD}">link</a>',
        f"<img alt={BAD.replace(' ', '_')}>",
        f"</p {BAD}>",
        f"<div title='{BAD}",
        f"<img alt='{BAD}{'x' * 5000}'>",
        # Markdown that does not show
        f"[//]: # ({BAD})",
        f'[x]: /url "{BAD}"',
        f"[x]:\n  <{BAD}>",
        f"[x]: /url\n'{BAD}\nmore'",
        f"text\n\n[a\nb]: /url ({BAD})",
        f"> [x]: /u '{BAD}'",
        f"[x]: /u\n[y]: /u '{BAD}'",
        f"# head\n[y]: /u '{BAD}'",
        f"![{BAD}](x.png)",
        f"![a [b] {BAD}](x.png)",
        f"![{BAD}][ref]",
        f'[shown](https://x.y "{BAD}")',
        f"[shown](a_(b)\n '{BAD}' )",
        f"[shown](<a> ({BAD}))",
    ],
)
def test_what_does_not_show_is_taken_out_and_marked(attack: str):
    shown = reveal(attack)
    assert "obey" not in shown
    assert "⟨hidden " in shown


CHARACTERS = {
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "right to left override": "\u202e",
    "isolate": "\u2066",
    "Arabic letter mark": "\u061c",
    "tag": "\U000e0041",
    "variation selector": "\ufe01",
    "far variation selector": "\U000e0101",
    "Mongolian variation selector": "\u180b",
    "Hangul filler": "\u3164",
    "escape": "\x1b",
    "line separator": "\u2028",
    "half of a pair": "\ud800",
}


@pytest.mark.parametrize("character", CHARACTERS.values(), ids=CHARACTERS.keys())
def test_characters_that_cannot_be_seen_are_taken_out_everywhere_and_counted(character: str):
    assert reveal(f"a{character * 3}b") == "a⟨hidden characters: 3⟩b"
    assert reveal(f"```\na{character}b\n```") == "```\na⟨hidden characters: 1⟩b\n```"


def test_every_character_that_unicode_calls_a_format_a_control_or_half_is_one_of_them():
    kinds = {"Cf", "Cc", "Cs"}
    left = [
        f"{point:04X}"
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in kinds and chr(point) not in "\t\n\r" and chr(point) in reveal(chr(point))
    ]
    assert left == []


@pytest.mark.parametrize("entity", ["&#8203;", "&#x200B;", "&ZeroWidthSpace;", "&shy;", "&lrm;", "&#xE0041;"])
def test_a_character_is_the_same_when_it_is_written_as_an_entity(entity: str):
    assert reveal(f"a{entity}b") == f"a⟨hidden characters: {len(entity)}⟩b"


def test_a_sign_that_is_drawn_in_colour_is_no_secret():
    assert reveal("well done ❤\ufe0f 1\ufe0f⃣") == "well done ❤ 1⃣"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words, 1 < 2 and a<b, x <- y; if n<m then\nmore & more &amp; &lt;b&gt;",
        "# Head\n\n- [ ] task\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "```html\n<!-- shown --><details>shown</details>\n[x]: /u 'shown'\n```\n",
        "~~~\n<b hidden>shown</b>\n~~~",
        "```\n<!-- shown, and nobody closes it\n",
        "use `<details>` and ``<!-- x -->`` and `\\` and `<b hidden>`",
        "<https://example.org/a?b=c> <ada@example.org>",
        "train <model> on <dataset>, <br> <b>bold</b>",
        "[link](https://example.org) and [other][ref] and ![](x.png)",
        "a log says\n[rank0]: done",
        "[rank0]: Traceback (most recent call last):\n[rank0]:   File 'x'",
        "a ` lonely backtick",
        "| a | b |\n|---|:-:|\n| 1 | 2 |\n| `x \\| y` | 2 |\n3 | 4\n\nx | y | z",
        "it's <x's> y",
    ],
)
def test_what_shows_stays_as_it_is(text: str):
    assert reveal(text) == text


def test_what_stands_around_stays():
    assert reveal("a <!-- x --> b <details>long</details> c") == "a ⟨hidden comment: 10⟩ b ⟨hidden details: 23⟩ c"
    assert reveal('<img width="600" src="x"> see') == "<img>⟨hidden attributes: 19⟩ see"
    assert reveal("![a cat](x.png)") == "![⟨hidden picture text: 5⟩](x.png)"
    assert reveal('[l](u "t") z') == "[l](u ⟨hidden title: 3⟩) z"
    assert reveal("<details>a</details> b <details>c</details> d").endswith(" b ⟨hidden details: 20⟩ d")


SIGNS = [*"<>!-/`~[]()\"'=& \n\\|ab:#;", "details", "hidden", "\u200b"]


@given(st.lists(st.sampled_from(SIGNS), max_size=60).map("".join))
def test_no_text_breaks_it_and_twice_is_once(text: str):
    once = reveal(text)
    assert "\u200b" not in once
    assert reveal(once) == once or "⟨hidden " in reveal(once)


@given(st.text())
def test_nothing_unseen_is_left(text: str):
    assert not {character for character in reveal(text) if unicodedata.category(character) in {"Cf", "Cs"}}


PIECES = [
    *(
        "<!--",
        "<a ",
        '<a "',
        "<a '",
        "<a ' <a '' ",
        '<a ="',
        "<details>",
        "<details></details>",
        "</details ",
        "<details>`</details>",
    ),
    *(
        "`",
        "``a`",
        "```\n",
        "~~~\n",
        "[",
        "[a",
        "[a]:",
        "\n[a]: b",
        "\n[a]: b ",
        "![",
        "![a",
        "](",
        "]( ",
        "](a ",
        "](a '",
        "<",
        "<!a",
    ),
    *(
        "<?",
        "</ ",
        "<a:",
        "&#1;",
        "&",
        "\\",
        "> ",
        "<b hidden>",
        "<p style=''>x</p>",
        "\u200b",
        "\u200ba",
        "<pre>",
        "\n\n<a",
        "[\n",
    ),
]


@pytest.mark.parametrize("piece", [*PIECES, *(f"{piece} x\n" for piece in PIECES)])
def test_a_long_text_takes_no_longer_than_its_length(piece: str):
    """A text twice as long may take three times as long on a busy machine, never many times: the tries here were quadratic."""
    for text in (piece * (65_536 // len(piece)), piece + " " * 65_536 + "x", piece + "a" * 65_536):
        began = time.process_time()
        reveal(text)
        assert time.process_time() - began < 1.0
