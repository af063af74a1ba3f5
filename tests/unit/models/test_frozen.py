"""Frozen dataclasses: what they share with those of the standard library."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from signalbox.models.frozen import COMPILED_FROM, frozen

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


@pytest.fixture(params=["new", "compiled"])
def point_class(request: pytest.FixtureRequest) -> type[Point]:
    """Return a class that has no instance yet, or so many that its `__init__` was compiled."""

    @frozen
    class NewPoint(Point):
        tags: list[str] = field(default_factory=list)

    if request.param == "compiled":
        for x in range(COMPILED_FROM):
            NewPoint(x=x)
    return NewPoint


def test_an_instance_has_what_is_given_and_the_default_of_what_is_not(
    point_class: type[Point],
) -> None:
    point, other = point_class(x=1, label="a"), point_class(x=1, label="a")

    assert repr(point).endswith("NewPoint(x=1, y=2, label='a', tags=[])")
    assert point.secret == "s"
    assert point == other
    assert point.tags is not other.tags  # type: ignore[attr-defined]  # of the class in the fixture


@pytest.mark.parametrize("given", [{}, {"y": 3}, {"x": 1, "z": 2}])
def test_what_is_missing_or_has_no_field_is_refused_as_by_a_dataclass(
    point_class: type[Point], given: Mapping[str, int]
) -> None:
    with pytest.raises(TypeError) as standard:
        Standard(**given)  # type: ignore[arg-type]  # what is tested

    with pytest.raises(TypeError) as refused:
        point_class(**given)  # type: ignore[arg-type]  # what is tested

    assert str(refused.value) == str(standard.value).replace("Standard", "NewPoint")


def test_no_method_is_compiled_before_a_class_is_often_used() -> None:
    @frozen
    class Rare:
        x: int

    initial = Rare.__init__

    for x in range(COMPILED_FROM - 1):
        Rare(x=x)
    before = Rare.__init__
    Rare(x=0)

    assert before is initial
    assert Rare.__init__ is not initial
    assert Rare(x=3) == Rare(x=3)


def test_a_field_that_is_not_given_and_a_method_after_it_are_as_in_a_dataclass() -> None:
    @frozen
    class Cache:
        name: str
        entries: list[str] = field(default_factory=list, init=False)

        def __post_init__(self) -> None:
            self.entries.append(self.name)

    assert Cache(name="a").entries == ["a"]
    with pytest.raises(TypeError, match="entries"):
        Cache(name="a", entries=[])  # type: ignore[call-arg]  # what is tested


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
