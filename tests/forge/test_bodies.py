"""Long words in pieces."""

from __future__ import annotations

import hypothesis
from hypothesis import strategies as st

from intern_action.forge._bodies import GOES_ON, LIMIT, first_piece, length, pieces

LINES = st.lists(
    st.sampled_from(["", "word", "```python", "```", "~~~~", "    ```", "x" * 900, "🧪" * 400]), max_size=60
)


def test_what_fits_is_left_as_it_is() -> None:
    assert pieces("a" * LIMIT) == ("a" * LIMIT,)


@hypothesis.given(LINES, st.integers(min_value=2_400, max_value=6_000))
def test_no_piece_is_too_long_and_every_line_is_there(lines: list[str], limit: int) -> None:
    words = "\n".join(lines)
    cut = pieces(words, limit)
    assert all(length(piece) <= limit for piece in cut)
    told = "\n".join(piece.removesuffix(GOES_ON) for piece in cut)
    for letter in ("word", "x", "🧪"):
        assert told.count(letter) == words.count(letter)


def test_a_code_block_is_closed_at_the_cut_and_opened_again() -> None:
    words = "before\n```python\n" + "x = 1\n" * 1_000 + "```\nafter"
    first, *rest = pieces(words, 3_000)
    assert first.removesuffix(GOES_ON).endswith("x = 1\n```")
    assert all(piece.startswith("```python\n") for piece in rest)
    assert rest[-1].endswith("```\nafter")


def test_one_endless_line_is_cut_too() -> None:
    cut = pieces("y" * 200_000)
    assert len(cut) > 3
    assert sum(piece.count("y") for piece in cut) == 200_000


def test_where_there_is_no_room_for_the_rest_that_is_said() -> None:
    assert first_piece("short", 100) == "short"
    assert first_piece("z\n" * 5_000, 3_000).endswith("*(the rest does not fit here)*")
