"""JMESPath expressions in settings: checked when they are written, harmless when they are run.

https://jmespath.org/specification.html
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from pydantic import AfterValidator, Field, JsonValue

_MAX_LENGTH: Final = 400
_FUNCTIONS: Final[Mapping[str, Mapping[str, Any]]] = Functions.FUNCTION_TABLE
_Node = Mapping[str, Any]


def _checked(expression: str) -> str:
    """Return an expression that can be run.

    Raises:
        ValueError: It does not follow the grammar, or misuses a function.
    """
    try:
        nodes = list(_nodes(expression))
    except JMESPathError as invalid:
        position = getattr(invalid, "lex_position", None)
        where = "" if position is None else f", at character {position + 1}"
        raise ValueError(f"is no JMESPath expression{where}") from None
    except RecursionError:
        raise ValueError("is a JMESPath expression that is nested too deeply") from None
    for node in nodes:
        if node["type"] == "function_expression":
            _check_function(node["value"], len(node["children"]))
    for name in _names_under_headers(nodes):
        if name != name.lower():
            raise ValueError(f"names the header {name}, which is written {name.lower()} here")
    return expression


Expression = Annotated[str, Field(max_length=_MAX_LENGTH), AfterValidator(_checked)]
"""A JMESPath expression over `{"headers": …, "body": …}`."""


def header_names(expression: str) -> frozenset[str]:
    """Return the headers that an expression names, as in `headers."x-event"`."""
    return frozenset(_names_under_headers(_nodes(expression)))


def search(expression: str, document: JsonValue) -> JsonValue:
    """Return what an expression yields; None if a function does not take what it finds."""
    try:
        value: JsonValue = jmespath.search(expression, document)
    except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError):
        return None
    return value


def _check_function(name: str, arguments: int) -> None:
    if name not in _FUNCTIONS:
        raise ValueError(f"calls {name}(), which JMESPath does not have")
    signature = _FUNCTIONS[name]["signature"]
    variadic = bool(signature) and signature[-1].get("variadic", False)
    if arguments < len(signature) or (arguments > len(signature) and not variadic):
        raise ValueError(f"calls {name}() with {arguments} arguments, not {len(signature)}")


def _names_under_headers(nodes: Iterator[_Node] | list[_Node]) -> Iterator[str]:
    for node in nodes:
        if node["type"] == "subexpression":
            first, second, *_ = node["children"]
            if first.get("value") == "headers" and second["type"] == "field":
                yield second["value"]


def _nodes(expression: str) -> Iterator[_Node]:
    """Yield every node of the syntax tree."""
    waiting: list[Any] = [jmespath.compile(expression).parsed]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            yield node
            waiting += node.get("children", ())
