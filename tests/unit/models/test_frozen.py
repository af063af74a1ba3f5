"""Frozen dataclasses: what they share with those of the standard library."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from signalbox.models.frozen import frozen

LAYER: Final = Path(__file__).parents[3] / "layers" / "shared" / "signalbox"


@frozen
class Point:
    x: int
    y: int = 2
    label: str = field(default="", compare=False)
    secret: str = field(default="s", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    x: int
    y: int = 2
    label: str = field(default="", compare=False)
    secret: str = field(default="s", repr=False)


@frozen
class Nothing:
    pass


@frozen
class Named:
    name: str

    def __repr__(self) -> str:
        return "named"


def test_values_with_the_same_values_are_equal_and_have_one_hash() -> None:
    one, same, other = Point(x=1, label="a"), Point(x=1, label="b"), Point(x=1, y=3)

    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert len({one, same, other}) == 2


def test_values_of_different_classes_are_not_equal() -> None:
    others: list[object] = [Standard(x=1), 1]

    assert Point(x=1) not in others


def test_all_records_without_fields_are_equal() -> None:
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())


def test_the_text_is_that_of_a_dataclass_without_what_is_hidden() -> None:
    expected = repr(Standard(x=1, secret="hidden")).replace("Standard", "Point")

    assert repr(Point(x=1, secret="hidden")) == expected


def test_a_method_of_the_class_is_kept() -> None:
    assert repr(Named(name="a")) == "named"
    assert Named(name="a") == Named(name="a")


def test_a_field_is_given_by_name_alone() -> None:
    with pytest.raises(TypeError, match="positional"):
        Point(1)  # type: ignore[call-arg]  # what is tested


def test_there_is_no_place_for_another_attribute() -> None:
    with pytest.raises(AttributeError):
        Point(x=1).z = 3  # type: ignore[attr-defined]  # what is tested


def test_a_type_checker_refuses_an_assignment() -> None:
    """It is checked by mypy alone: it reports the ignored error as unused if there were none."""
    point = Point(x=1)

    point.x = 2  # type: ignore[misc]  # what is tested

    assert point.x == 2


def test_a_copy_has_the_changed_values() -> None:
    assert replace(Point(x=1), y=5) == Point(x=1, y=5)


def test_a_dataclass_of_the_standard_library_cannot_extend_it_and_says_so() -> None:
    with pytest.raises(TypeError, match="frozen"):

        @dataclass(frozen=True)
        class Extended(Point):
            pass


def test_no_module_of_the_layer_defines_the_slow_kind() -> None:
    slow = "@dataclass(frozen=True, slots=True, kw_only=True)"

    assert [path.name for path in LAYER.rglob("*.py") if slow in path.read_text()] == []
