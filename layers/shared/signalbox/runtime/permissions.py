"""Build the check of permissions from the providers' APIs."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from signalbox.models.errors import SendRefused
from signalbox.models.event import Author, Event
from signalbox.models.source import Source
from signalbox.runtime.registry import permission_api_opener
from signalbox.services.deliveries.permissions import AskPermission, CheckPermission
from signalbox.services.ports.permissions import CachedPermission, RememberPermission

if TYPE_CHECKING:
    from signalbox.egress.http_client import HttpClient
    from signalbox.egress.permissions import PermissionApi
    from signalbox.runtime.wiring import Wiring

_SECONDS: Final = 2.0
"""A webhook waits for this, and its sender for the webhook."""


def check_permission(
    wired: "Wiring", *, remember: RememberPermission | None = None
) -> CheckPermission:
    """Return the check of a function; it shares its answers if it is given where."""
    opener = _PermissionOpener(wired)
    if remember:
        return CheckPermission(open_permissions=opener, clock=wired.clock, remember=remember)

    def recall(key: tuple[str, ...]) -> CachedPermission | None:
        return wired.permission_cache.get(key)

    return CheckPermission(open_permissions=opener, clock=wired.clock, recall=recall)


@dataclass(slots=True, eq=False, repr=False)
class _PermissionOpener:
    wired: "Wiring"
    _http: "HttpClient | None" = None

    def __call__(self, source: Source) -> AskPermission | None:
        """Return whom to ask for a source."""
        opener = permission_api_opener(source.provider)
        api = opener(source.settings) if opener else None
        return None if api is None else partial(self._ask, api, source)

    def _ask(self, api: "PermissionApi", source: Source, event: Event, person: Author) -> bool:
        """Return what the provider answers. HTTP is imported when it is first needed."""
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
        return HttpPermissions(api=api, send=self._http, tokens=tokens)(event, person)
