"""JMESPath expressions of operators: checked when they are written, bounded when they are run.

The payload over which an expression runs is foreign, so neither its size nor the expression may
decide how long that takes. A static limit keeps a result from growing far beyond its input
(`[@, @] | [@, @] | …`), and each run has a number of steps. See
https://jmespath.org/specification.html.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Annotated, Any, Final, cast

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.functions import Functions
from jmespath.visitor import TreeInterpreter
from pydantic import AfterValidator, Field, JsonValue

MAX_STEPS: Final = 200_000
"""How many nodes of an expression are visited in one run."""

_MAX_LENGTH: Final = 400
_MAX_GROWTH: Final = 64
_MAX_GLUE: Final = 10
_CACHED: Final = 256
_FUNCTIONS: Final[Mapping[str, Mapping[str, Any]]] = Functions.FUNCTION_TABLE
_LISTS: Final = frozenset({"multi_select_list", "multi_select_dict"})
_ALTERNATIVES: Final = frozenset({"and_expression", "or_expression"})
_PER_ELEMENT: Final = frozenset({"map", "max_by", "min_by", "sort_by"})
_ON_FIRST: Final = frozenset(
    {"subexpression", "pipe", "index_expression", "flatten", "projection", "value_projection",
     "filter_projection"}
)  # fmt: skip
_TRUTH: Final = frozenset({"comparator", "not_expression"})
_DEEP: Final = "is a JMESPath expression that is nested too deeply"

ExpressionNode = Mapping[str, Any]
"""A node of the syntax tree."""


class ExpressionFailed(ValueError):
    """An expression yields nothing for a document; the message has no part of the document."""


class _TooManySteps(Exception):
    pass


class _BoundedInterpreter(TreeInterpreter):  # type: ignore[misc]  # JMESPath has no types
    """Run an expression with a limited number of steps."""

    def __init__(self) -> None:
        super().__init__()
        self._left = MAX_STEPS

    def visit(self, node: ExpressionNode, *args: object) -> object:
        self._left -= 1
        if self._left < 0:
            raise _TooManySteps
        return super().visit(node, *args)


def check_expression(expression: str) -> str:
    """Return an expression that can be run.

    Raises:
        ValueError: It does not follow the grammar, misuses a function, or yields too much.
    """
    try:
        nodes = list(_nodes(expression))
        growth = _growth(syntax_tree(expression))
    except JMESPathError as invalid:
        position = getattr(invalid, "lex_position", None)
        where = "" if position is None else f", at character {position + 1}"
        raise ValueError(f"is no JMESPath expression{where}") from None
    except RecursionError:
        raise ValueError(_DEEP) from None
    for node in nodes:
        if node["type"] == "function_expression":
            _check_function(node["value"], node["children"])
        elif node["type"] in _ON_FIRST and node["children"][0]["type"] == "not_expression":
            raise ValueError(
                "negates only what is before the dot or bracket: write !(a.b), not !a.b"
            )
    for name in _names_under_headers(nodes):
        if name != name.lower():
            raise ValueError(f"names the header {name}, which is written {name.lower()} here")
    if growth > _MAX_GROWTH:
        raise ValueError(f"can yield more than {_MAX_GROWTH} times what it is run over")
    return expression


Expression = Annotated[str, Field(max_length=_MAX_LENGTH), AfterValidator(check_expression)]
"""A JMESPath expression over `{"headers": …, "body": …}`."""


def header_names(expression: str) -> frozenset[str]:
    """Return the headers that an expression names, as in `headers."x-event"`."""
    return frozenset(_names_under_headers(_nodes(expression)))


def search(expression: str, document: JsonValue) -> JsonValue:
    """Return what an expression yields; None if a function does not take what it finds."""
    try:
        return evaluate(expression, document)
    except ExpressionFailed:
        return None


def evaluate(expression: str, document: JsonValue) -> JsonValue:
    """Return what an expression yields.

    Raises:
        ExpressionFailed: It is none, a function does not take what it finds, or it takes too long.
    """
    try:
        value = _BoundedInterpreter().visit(syntax_tree(expression), document)
    except JMESPathTypeError as error:
        problem = f"{error.function_name}() does not take what it finds"
    except _TooManySteps:
        problem = f"it takes more than {MAX_STEPS:,} steps"
    except RecursionError:
        problem = "it is nested too deeply"
    except (JMESPathError, TypeError, ValueError, ArithmeticError):
        problem = "it cannot be computed"
    else:
        return cast("JsonValue", value)
    raise ExpressionFailed(problem)  # outside of the handler: what was caught has the document


def is_true(value: JsonValue) -> bool:
    """Return whether a value counts as true: not null, false, or an empty text, list or object."""
    return not (value is None or value is False or value in ("", [], {}))


@lru_cache(maxsize=_CACHED)
def syntax_tree(expression: str) -> ExpressionNode:
    """Return the syntax tree of an expression, which is parsed once in a process.

    Raises:
        JMESPathError: It does not follow the grammar.
    """
    tree: ExpressionNode = jmespath.compile(expression).parsed
    return tree


def root_names(expression: str) -> Iterator[tuple[str, str | None]]:
    """Yield the members of a document that an expression names, each with one of its own members.

    Raises:
        JMESPathError: It does not follow the grammar.
    """
    waiting: list[Any] = [syntax_tree(expression)]
    while waiting:
        node = waiting.pop()
        kind, children = node["type"], node.get("children", ())
        if kind == "field":
            yield node["value"], None
        elif kind == "subexpression" and [child["type"] for child in children[:2]] == ["field"] * 2:
            yield children[0]["value"], children[1]["value"]
        elif kind in _ON_FIRST:
            waiting.append(children[0])
        elif kind != "expref":
            waiting += (child for child in children if isinstance(child, Mapping))


def _check_function(name: str, arguments: Sequence[ExpressionNode]) -> None:
    if name not in _FUNCTIONS:
        raise ValueError(f"calls {name}(), which JMESPath does not have")
    signature = _FUNCTIONS[name]["signature"]
    variadic = bool(signature) and signature[-1].get("variadic", False)
    number = len(arguments)
    if number < len(signature) or (number > len(signature) and not variadic):
        raise ValueError(f"calls {name}() with {number} arguments, not {len(signature)}")
    if name == "join":
        glue = arguments[0]
        if glue["type"] != "literal" or len(str(glue["value"])) > _MAX_GLUE:
            raise ValueError(f"calls join() with something else than a text of {_MAX_GLUE} at most")


def _negates_before_dot(node: ExpressionNode) -> bool:
    """Return whether it is `!a.b`, which means `(!a).b` and is never what was meant."""
    first = node["children"][0] if node["type"] == "subexpression" else {}
    return first.get("type") == "not_expression"


def _growth(node: ExpressionNode) -> int:
    """Return how many copies of its input a node yields at most."""
    children = [_growth(child) for child in node.get("children", ()) if isinstance(child, Mapping)]
    kind = node["type"]
    if kind in _LISTS or (kind == "function_expression" and node["value"] not in _PER_ELEMENT):
        return max(1, sum(children))
    if kind in _ALTERNATIVES:
        return max(children)
    # what compares yields a truth value; its parts are counted all the same, as they are computed
    return max((1, *children)) if kind in _TRUTH else prod(children)


def _names_under_headers(nodes: Iterator[ExpressionNode] | list[ExpressionNode]) -> Iterator[str]:
    for node in nodes:
        if node["type"] == "subexpression":
            first, second, *_ = node["children"]
            if first.get("value") == "headers" and second["type"] == "field":
                yield second["value"]


def _nodes(expression: str) -> Iterator[ExpressionNode]:
    """Yield every node of the syntax tree."""
    waiting: list[Any] = [syntax_tree(expression)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            yield node
            waiting += node.get("children", ())
