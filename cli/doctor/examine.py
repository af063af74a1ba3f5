"""Examine a stack: by its API, and by the stack itself where it can be read."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from cli.doctor.api_checks import ApiChecks
from cli.doctor.findings import Diagnosis, DiagnosisLevel, DoctorReport, doctor_report, run_checks
from cli.errors import CommandError, explain_error
from cli.locate import find_stack
from cli.operator_client import OperatorClient, connect_operator
from cli.target import Target
from signalbox.models.errors import SignalboxError
from signalbox.models.source import Source

if TYPE_CHECKING:
    from cli.doctor.stack_checks import StackChecks

T = TypeVar("T")

_NOT_NAMED: Final = (
    "secrets, parameters and stored configuration: name the stack with --stage, --stack or"
    " --profile"
)


def examine(target: Target) -> DoctorReport:
    """Return what is missing or wrong in the stack.

    Raises:
        CommandError: There is neither such a stack nor an API.
        Unreachable: Neither of them answers.
    """
    stack = _attempt("stack", lambda: _stack(target))
    operator = _attempt("api", lambda: connect_operator(target))
    if isinstance(stack, _Unchecked) and isinstance(operator, _Unchecked):
        raise operator.error
    return doctor_report([*_by_stack(stack), *_by_api(operator, stack)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unchecked:
    finding: Diagnosis
    error: CommandError


def _attempt(subject: str, connect: Callable[[], T]) -> T | _Unchecked:
    """Return the result, or the finding that there is none."""
    try:
        return connect()
    except Exception as error:
        problem = explain_error(error)
        if problem is None:
            raise
        finding = Diagnosis(
            level=DiagnosisLevel.UNCHECKED, check=subject, subject=subject, text=str(problem)
        )
        return _Unchecked(finding=finding, error=problem)


def _stack(target: Target) -> "StackChecks":
    """Return the checks of the stack.

    Raises:
        CommandError: There is no such stack, or only the URL of its API is known.
        Unreachable: It does not answer.
    """
    if target.url and target.local:
        raise CommandError(_NOT_NAMED)
    stack = find_stack(target)
    from cli.doctor.stack_checks import StackChecks
    from signalbox.runtime.registry import providers

    return StackChecks(stack=stack, providers=providers())


def _by_stack(checks: "StackChecks | _Unchecked") -> Iterator[Diagnosis]:
    if isinstance(checks, _Unchecked):
        yield checks.finding
    else:
        yield from run_checks(checks.checks())


def _by_api(
    operator: OperatorClient | _Unchecked, stack: "StackChecks | _Unchecked"
) -> Iterator[Diagnosis]:
    if isinstance(operator, _Unchecked):
        yield operator.finding
        return
    unconfigured: Sequence[Source] = ()
    if not isinstance(stack, _Unchecked):
        with suppress(SignalboxError):  # the check of the sources reports it
            unconfigured = stack.unconfigured_sources()
    checks = ApiChecks(operator=operator, unconfigured=unconfigured)
    fault = checks.answers()
    if fault:
        yield fault
    else:
        yield from run_checks(checks.checks())
