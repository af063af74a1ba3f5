"""Build the check of permissions from the providers' APIs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from signalbox.models.config import Source
from signalbox.models.errors import SendRefused
from signalbox.runtime.registry import permission_api_opener
from signalbox.services.deliveries.permissions import AskPermission, CheckPermission

if TYPE_CHECKING:
    from signalbox.egress.http_client import HttpClient
    from signalbox.runtime.wiring import Wiring

_SECONDS: Final = 2.0
"""A webhook waits for this, and its sender for the webhook."""


def check_permission(wired: "Wiring") -> CheckPermission:
    """Return the check of a function."""
    return CheckPermission(open_permissions=_PermissionOpener(wired), clock=wired.clock)


@dataclass(slots=True)
class _PermissionOpener:
    wired: "Wiring"
    _http: "HttpClient | None" = None

    def __call__(self, source: Source) -> AskPermission | None:
        """Return whom to ask for a source. HTTP is imported when it is first needed."""
        opener = permission_api_opener(source.provider)
        api = opener(source.settings) if opener else None
        if api is None:
            return None
        from signalbox.egress.http_client import HttpClient  # noqa: PLC0415  see above
        from signalbox.egress.permissions import HttpPermissions  # noqa: PLC0415  see above

        tokens = self.wired.secrets.secrets(source.token_name)
        if not tokens:
            raise SendRefused(
                f"{source.token_name} has no token; or list `authors`, or set `permission: off`"
            )
        if self._http is None:
            trusted = self.wired.settings.trusted
            self._http = HttpClient(
                trusted=trusted, connect=_SECONDS / 2, read=_SECONDS, total=_SECONDS
            )
        return HttpPermissions(api=api, send=self._http, tokens=tokens)
