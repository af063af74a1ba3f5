"""Frozen dataclasses which are quick to define.

Defining `@dataclass(frozen=True)` takes half a millisecond, as six methods are compiled for each
class, and a function defines about a hundred when it starts, most of which have one instance or
none. This one compiles nothing before a class has twenty instances, and then `__init__` alone.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields, make_dataclass
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, Final, TypeVar, dataclass_transform

T = TypeVar("T")

COMPILED_FROM: Final = 20
"""With which instance `__init__` is compiled: that takes as long as a hundred calls save."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a dataclass with slots, whose fields are given by name and never change.

    It has the equality, hash and text of a frozen dataclass. That no field changes is checked by
    mypy, not at run time.
    """
    made: Any = dataclass(slots=True, kw_only=True, init=False, eq=False, repr=False)(cls)
    values = _values_of(tuple(each.name for each in fields(made) if each.compare))

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is made else NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    methods = {"__eq__": equal, "__hash__": hashed, "__repr__": _text, "__init__": _initial(made)}
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]  # the class of before


def _initial(made: Any) -> Callable[..., None]:  # noqa: ANN401  any frozen dataclass
    """Return the `__init__` of a new class; one that only takes values compiles itself later."""
    members = fields(made)
    if hasattr(made, "__post_init__") or not all(each.init for each in members):
        return _compiled(made)
    names = frozenset(each.name for each in members)
    defaults = {each.name: make for each in members if (make := _default_of(each))}
    calls = 0

    def initial(self: object, **given: object) -> None:
        nonlocal calls
        calls += 1
        if calls >= COMPILED_FROM:  # threads may count past it
            made.__init__ = _compiled(made)
        values = given
        if given.keys() != names:
            absent = defaults.keys() - given.keys()
            values = given | {name: defaults[name]() for name in absent}
            if values.keys() != names:
                _compiled(made)(self, **given)  # raises what a dataclass raises
        for name, value in values.items():
            setattr(self, name, value)

    return initial


def _default_of(member: Field[Any]) -> Callable[[], object] | None:
    """Return what makes the default value, if there is one."""
    if member.default_factory is not MISSING:
        return member.default_factory
    return None if member.default is MISSING else lambda: member.default


def _compiled(made: Any) -> Callable[..., None]:  # noqa: ANN401  any frozen dataclass
    """Return the `__init__` of a dataclass with the same fields."""
    own = {"__post_init__": made.__post_init__} if hasattr(made, "__post_init__") else {}
    members = [(each.name, object, _copy_of(each)) for each in fields(made)]
    same: Any = make_dataclass(
        made.__name__, members, namespace=own, kw_only=True, eq=False, repr=False
    )
    return same.__init__  # type: ignore[no-any-return]  # that of any dataclass


def _copy_of(member: Field[Any]) -> object:
    """Return a field with the same default value, which may be none."""
    if member.default_factory is not MISSING:
        return field(default_factory=member.default_factory, init=member.init)
    return field(default=member.default, init=member.init)


def _values_of(names: tuple[str, ...]) -> Callable[[object], Any]:
    return attrgetter(*names) if names else lambda _made: ()


@recursive_repr()
def _text(self: Any) -> str:  # noqa: ANN401  any frozen dataclass
    shown = (each.name for each in fields(self) if each.repr)
    pairs = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({pairs})"
