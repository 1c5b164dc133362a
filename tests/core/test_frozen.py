"""Frozen values behave as the standard library's frozen dataclasses do; only their methods are shared."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Generic, TypeVar

import pytest
from pydantic import TypeAdapter, ValidationError

from intern_action.core.frozen import frozen

A = TypeVar("A")


@frozen
class Mail:
    """Something with every sort of field."""

    to: str
    words: str = "none"
    marks: Mapping[str, object] = field(default_factory=dict[str, object])
    seal: str = field(default="", repr=False)
    weight: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The same, made by the standard library."""

    to: str
    words: str = "none"
    marks: Mapping[str, object] = field(default_factory=dict[str, object])
    seal: str = field(default="", repr=False)
    weight: float = field(default=0.0, compare=False)


@frozen
class Mark:
    """Something without fields."""


@frozen
class Stamp:
    """Something that looks at itself once it is made."""

    cents: int

    def __post_init__(self) -> None:
        if self.cents < 0:
            raise ValueError("a stamp costs something")


@frozen
class Boxed(Generic[A]):
    """A box for anything."""

    inside: A


@frozen
class Plain:
    """Says itself how it is shown."""

    word: str

    def __repr__(self) -> str:
        return self.word


@frozen
class Tall(Stamp):
    """A stamp with one more field."""

    height: int = 1


def test_two_with_the_same_values_are_one() -> None:
    assert Mail(to="ada") == Mail(to="ada", words="none")
    assert Mail(to="ada") != Mail(to="grace")
    assert Mark() == Mark()
    assert len({Boxed(inside="a"), Boxed(inside="a"), Boxed(inside="b")}) == 2


def test_a_field_that_is_not_compared_makes_no_difference() -> None:
    assert Mail(to="ada", weight=1.0) == Mail(to="ada", weight=2.0)


def test_another_class_with_the_same_values_is_something_else() -> None:
    assert Boxed(inside="ada") != Plain(word="ada")
    assert Stamp(cents=1) != Tall(cents=1)
    assert Mail(to="ada") != "ada"


def test_nothing_can_be_changed_added_or_taken_away() -> None:
    mail = Mail(to="ada")
    with pytest.raises(FrozenInstanceError):
        mail.to = "grace"  # pyright: ignore[reportAttributeAccessIssue] -- that is what is tried
    with pytest.raises(FrozenInstanceError):
        del mail.to  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(FrozenInstanceError):
        mail.other = 1  # pyright: ignore[reportAttributeAccessIssue]
    assert not hasattr(mail, "__dict__")


def test_it_shows_itself_as_a_dataclass_does_and_keeps_secrets_to_itself() -> None:
    shown = repr(Mail(to="ada", seal="wax"))
    assert shown == repr(Parcel(to="ada", seal="wax")).replace("Parcel", "Mail")
    assert "wax" not in shown


def test_what_is_not_given_takes_its_default_and_no_two_share_a_made_one() -> None:
    one, other = Mail(to="ada"), Mail(to="ada")
    assert (one.words, one.marks) == ("none", {})
    assert one.marks is not other.marks


@pytest.mark.parametrize(
    ("arguments", "named"), [((), {}), ((), {"to": "ada", "size": 1}), (("ada",), {}), (("ada",), {"to": "ada"})]
)
def test_an_argument_that_is_missing_unknown_or_has_no_name_is_refused(
    arguments: tuple[str, ...], named: dict[str, object]
) -> None:
    make: Callable[..., Mail] = Mail
    with pytest.raises(TypeError):
        make(*arguments, **named)


def test_the_refusal_says_which_argument() -> None:
    with pytest.raises(TypeError, match=r"Mail.*'to'"):
        Mail()  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match=r"Mail.*'size'"):
        Mail(to="ada", size=1)  # pyright: ignore[reportCallIssue]


def test_it_looks_at_itself_once_it_is_made() -> None:
    with pytest.raises(ValueError, match="costs something"):
        Stamp(cents=-1)
    with pytest.raises(ValueError, match="costs something"):
        replace(Stamp(cents=1), cents=-1)


def test_it_is_a_dataclass_to_everybody_who_asks() -> None:
    mail = Mail(to="ada", marks={"urgent": True})
    assert is_dataclass(Mail)
    assert [one.name for one in fields(mail)] == [one.name for one in fields(Parcel)]
    assert replace(mail, to="grace") == Mail(to="grace", marks={"urgent": True})
    assert asdict(mail)["marks"] == {"urgent": True}


def test_a_match_finds_its_fields() -> None:
    match Mail(to="ada"):
        case Mail(to=to):
            assert to == "ada"


def test_copies_and_pickles_are_equal() -> None:
    mail = Mail(to="ada", marks={"urgent": True}, seal="wax")
    assert copy.copy(mail) == copy.deepcopy(mail) == mail
    assert pickle.loads(pickle.dumps(mail)) == mail  # noqa: S301 -- our own, a line ago
    assert copy.deepcopy(mail).marks is not mail.marks


def test_a_class_below_has_the_fields_above() -> None:
    assert repr(Tall(cents=2, height=3)) == "Tall(cents=2, height=3)"


def test_a_method_of_its_own_is_kept() -> None:
    assert repr(Plain(word="so")) == "so"


def test_pydantic_reads_it_as_any_dataclass() -> None:
    assert TypeAdapter(Mail).validate_python({"to": "ada"}) == Mail(to="ada")
    with pytest.raises(ValidationError):
        TypeAdapter(Mail).validate_python({})


def test_no_class_has_methods_compiled_for_it() -> None:
    names = ("__init__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__getstate__", "__setstate__")
    assert all(getattr(Mail, name) is getattr(Boxed, name) for name in names)
