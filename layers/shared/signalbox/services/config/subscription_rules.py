"""Check the expression of a subscription: it follows the grammar and names what changes have."""

from collections.abc import Iterator
from typing import Final

from signalbox.models.change import Change, TaskView
from signalbox.models.event_vocabulary import suggest
from signalbox.models.expressions import check_expression, root_names

_CHANGE: Final = dict.fromkeys(Change.model_fields)
_TASK: Final = dict.fromkeys(TaskView.model_fields)
_DATA: Final = "data"


def expression_problems(expression: str) -> Iterator[str]:
    """Yield what is wrong with the expression of a subscription."""
    try:
        check_expression(expression)
    except ValueError as invalid:
        yield str(invalid)
        return
    for name, member in sorted(set(root_names(expression)), key=str):
        if name not in _CHANGE:
            hint = f"is it data.{name}?" if name in _TASK else suggest(name, _CHANGE)
            yield f'names "{name}", which no change has; {hint}'
        elif name == _DATA and member is not None and member not in _TASK:
            yield f'names "data.{member}", which no task has; {suggest(member, _TASK)}'
