"""What a check found, and running checks so that one that fails does not end the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from pydantic import BaseModel

from cli.errors import explain_error


class DiagnosisLevel(StrEnum):
    """How much a finding matters. Only a fault makes the command fail."""

    FAULT = "fault"
    WARNING = "warning"
    UNCHECKED = "unchecked"
    NOTE = "note"


class Diagnosis(BaseModel):
    """One line of the report: what was found about `subject`, and what to do."""

    level: DiagnosisLevel
    check: str
    subject: str
    text: str
    action: str = ""


class DoctorReport(BaseModel):
    """The findings, the most serious first. `healthy` is false if one is a fault."""

    healthy: bool
    findings: tuple[Diagnosis, ...]


Check = Callable[[], Iterable[Diagnosis]]
"""Yield findings. Raises the errors of the command line and of Signalbox if it cannot be made."""


def run_checks(checks: Mapping[str, Check]) -> Iterator[Diagnosis]:
    """Yield the findings of every check; one that cannot be made is a finding itself."""
    for name, check in checks.items():
        try:
            yield from list(check())
        except Exception as error:
            problem = explain_error(error)
            if problem is None:
                raise
            yield Diagnosis(
                level=DiagnosisLevel.UNCHECKED, check=name, subject=name, text=str(problem)
            )


def doctor_report(findings: Iterable[Diagnosis]) -> DoctorReport:
    """Return the report with these findings."""
    order = list(DiagnosisLevel)
    ordered = sorted(findings, key=lambda finding: order.index(finding.level))
    healthy = all(finding.level is not DiagnosisLevel.FAULT for finding in ordered)
    return DoctorReport(healthy=healthy, findings=tuple(ordered))


def summary_line(findings: Sequence[Diagnosis]) -> str:
    """Return how many findings there are of each level."""
    counts = {level: sum(each.level is level for each in findings) for level in DiagnosisLevel}
    words = [
        _counted(counts[DiagnosisLevel.FAULT], "fault"),
        _counted(counts[DiagnosisLevel.WARNING], "warning"),
    ]
    if counts[DiagnosisLevel.UNCHECKED]:
        words.append(f"{counts[DiagnosisLevel.UNCHECKED]} not checked")
    return ", ".join(words)


def _counted(count: int, word: str) -> str:
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"
