"""Build the routes of the audit log."""

from signalbox.http.routes.audit import add_audit
from signalbox.http.routing import Routes
from signalbox.runtime.wiring import Wiring
from signalbox.services.audit import ListAudit, VerifyAudit


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes."""
    add_audit(
        routes,
        browse=ListAudit(store=wired.audit, clock=wired.clock),
        verify=VerifyAudit(store=wired.audit),
        cursors=wired.cursors,
        clock=wired.clock,
    )
