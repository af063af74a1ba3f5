"""Templates of messages: Jinja, reduced to what always ends soon.

A template is data of an operator, so it runs in Jinja's sandbox, and only these parts of the
language are accepted: fields of the task, conditions, one level of loops over a field that is a
list, and filters that do not make a text much longer. Nothing can be called. So the time and the
size of a message are bounded by those of the template and the task. See
https://jinja.palletsprojects.com/en/stable/sandbox/.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from signalbox.models.change import TASK_EVENT_PREFIX, Change, TaskView
from signalbox.models.errors import TemplateInvalid
from signalbox.models.event_vocabulary import suggest
from signalbox.models.redaction import redacted

MAX_MESSAGE: Final = 4_000
"""How many characters a message has at most; a longer one is cut."""

_CHANGE: Final = "change"
_FIELDS: Final = frozenset({*TaskView.model_fields, _CHANGE})
_RESULT: Final = "result"
_RESULT_FIELDS: Final = frozenset({"summary", "url"})
_LISTS: Final = frozenset({"arguments", "labels"})
_FILTERS: Final = frozenset(
    {"capitalize", "default", "first", "join", "last", "length", "lower", "title", "trim",
     "truncate", "upper"}
)  # fmt: skip
_NODES: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const,
    nodes.Getattr, nodes.Filter, nodes.Keyword, nodes.CondExpr, nodes.And, nodes.Or, nodes.Not,
    nodes.Compare, nodes.Operand, nodes.Concat,
)  # fmt: skip
_CACHED: Final = 100

_environment: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=0
)


class MessageTemplate:
    """A checked template."""

    def __init__(self, source: str) -> None:
        """Check a template.

        Raises:
            TemplateInvalid: It is not valid, or it uses a field that no task has.
        """
        try:
            parsed = _environment.parse(source)
        except TemplateSyntaxError as error:
            raise TemplateInvalid(f"line {error.lineno}: {error.message}") from None
        for problem in _problems(parsed, frozenset()):
            raise TemplateInvalid(problem)
        self._template = _environment.from_string(parsed)

    def render(self, change: Change) -> str:
        """Return the message for a change, without secrets and not longer than MAX_MESSAGE.

        Raises:
            TemplateInvalid: It cannot be rendered for this change.
        """
        try:
            text = self._template.render(_fields(change))
        except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
            raise TemplateInvalid(f"it cannot be rendered: {type(error).__name__}") from None
        shown = redacted(text).strip()
        return shown if len(shown) <= MAX_MESSAGE else shown[: MAX_MESSAGE - 1] + "…"


@lru_cache(maxsize=_CACHED)
def message_template(source: str) -> MessageTemplate:
    """Return the template, which is compiled once in a process.

    Raises:
        TemplateInvalid: It is not valid.
    """
    return MessageTemplate(source)


def _fields(change: Change) -> Mapping[str, JsonValue]:
    """Return the fields of a template: those of the task, and `change`, such as `succeeded`.

    What a task does not have is an empty text, so that no filter fails on it.
    """
    fields: dict[str, JsonValue] = change.data.model_dump(mode="json")
    result = fields[_RESULT] if isinstance(fields[_RESULT], dict) else {}
    fields[_RESULT] = {name: _shown(result.get(name)) for name in _RESULT_FIELDS}
    fields[_CHANGE] = change.type.removeprefix(TASK_EVENT_PREFIX)
    return {name: _shown(value) for name, value in fields.items()}


def _shown(value: JsonValue) -> JsonValue:
    return "" if value is None else value


def _problems(node: nodes.Node, loops: frozenset[str]) -> Iterator[str]:
    """Yield what a template must not contain; `loops` are the variables of loops around it."""
    problem = _problem(node, loops)
    if problem:
        yield f"line {node.lineno}: {problem}"
        return
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
        loops = loops | {node.target.name}
    for child in node.iter_child_nodes():
        yield from _problems(child, loops)


def _problem(node: nodes.Node, loops: frozenset[str]) -> str | None:
    problem = None
    match node:
        case nodes.For():
            problem = _loop_problem(node, loops)
        case nodes.Name(name=name, ctx="load") if name not in _FIELDS | loops:
            problem = f'there is no field "{name}"; {suggest(name, _FIELDS)}'
        case nodes.Getattr(node=nodes.Name(name="result"), attr=attr) if attr in _RESULT_FIELDS:
            pass
        case nodes.Getattr(attr=attr):
            problem = f'there is no field "{attr}" here; only `result` has fields of its own'
        case nodes.Filter(name=name) if name not in _FILTERS:
            problem = f'there is no filter "{name}"; there are {", ".join(sorted(_FILTERS))}'
        case _ if not isinstance(node, _NODES):
            problem = f"{type(node).__name__.lower()} is not for templates of messages"
    return problem


def _loop_problem(loop: nodes.For, loops: frozenset[str]) -> str | None:
    if loops:
        return "a loop may not be in a loop"
    over = loop.iter
    if not (isinstance(over, nodes.Name) and over.name in _LISTS):
        return f"a loop goes over one of {', '.join(sorted(_LISTS))}"
    if loop.recursive or not isinstance(loop.target, nodes.Name):
        return "a loop has one variable"
    return None
