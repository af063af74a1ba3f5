"""Check an expression of the configuration: its grammar, and the names that it reads."""

from collections.abc import Callable, Iterator

from signalbox.models.expressions import check_expression, root_names

NameFault = Callable[[str, str | None], str | None]
"""Return what is wrong with a name of the document, and with the member of it that is read."""


def expression_faults(expression: str, name_fault: NameFault) -> Iterator[str]:
    """Yield what is wrong with an expression."""
    try:
        check_expression(expression)
    except ValueError as invalid:
        yield str(invalid)
        return
    for name, member in sorted(set(root_names(expression)), key=str):
        if fault := name_fault(name, member):
            yield fault
