"""The check for open incidents."""

from collections.abc import Iterator

from cli.doctor.findings import Diagnosis, DiagnosisLevel
from cli.output import format_time
from signalbox.http.schemas.incidents import IncidentList
from signalbox.models.incident import IncidentSeverity


def open_incidents(incidents: IncidentList) -> Iterator[Diagnosis]:
    """Yield a fault for each critical incident, and a warning for each other one."""
    for incident in incidents.items:
        is_critical = incident.severity is IncidentSeverity.CRITICAL
        error = f"; the last error: {incident.last_error}" if incident.last_error else ""
        since = format_time(incident.first_at)
        yield Diagnosis(
            level=DiagnosisLevel.FAULT if is_critical else DiagnosisLevel.WARNING,
            check="incidents",
            subject=f"incident {incident.cause}",
            text=f"{incident.title}: {incident.count} since {since}{error}",
            action=incident.action,
        )
