"""Connect to the cluster that this process runs in, or to that of a kubeconfig."""

from collections.abc import Generator
from typing import Final

import httpx2
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError
from typing_extensions import override
from yaml import YAMLError

from cli.errors import CommandError
from cli.jobs.cluster import Cluster, ClusterUnavailable
from cli.output import strip_controls
from signalbox.models.redaction import redacted

_MAX_REASON: Final = 500


def connect_cluster(namespace: str | None) -> Cluster:
    """Return a namespace of a cluster, by default that of the configuration.

    Raises:
        CommandError: There is no configuration, or it is not valid.
    """
    try:
        config = KubeConfig.from_env().get()
    except (ConfigError, KeyError, OSError, TypeError, ValueError, YAMLError) as flaw:
        raise CommandError(f"no cluster: {_reason(flaw)}") from None
    if config is None:
        raise CommandError("no cluster: the kubeconfig has no current context")
    return cluster_of(config, namespace)


def cluster_of(
    config: SingleConfig, namespace: str | None, transport: httpx2.BaseTransport | None = None
) -> Cluster:
    """Return a namespace of the cluster of a configuration.

    Raises:
        CommandError: Its credentials or certificates cannot be read.
    """
    known = config if config.user else config._replace(user=User())
    try:
        http = Client(known, ConnectionParams(transport=transport))
    except (ConfigError, OSError, ValueError, httpx2.InvalidURL) as flaw:
        raise CommandError(f"no cluster: {_reason(flaw)}") from None
    if http.auth:
        http.auth = _CheckedAuth(http.auth)
    return Cluster(http=http, namespace=namespace or config.namespace)


class _CheckedAuth(httpx2.Auth):
    """Authenticates as another does: from a file, or by a program, either of which can fail."""

    def __init__(self, auth: httpx2.Auth) -> None:
        self._auth = auth

    @override
    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        try:
            yield from self._auth.sync_auth_flow(request)
        except (ConfigError, LookupError, OSError, TypeError, ValueError) as flaw:
            raise ClusterUnavailable(f"Kubernetes: no credentials: {_reason(flaw)}") from None


def _reason(flaw: Exception) -> str:
    """Return what is wrong, without lines of the file, which has credentials."""
    if not isinstance(flaw, ConfigError | OSError):
        return type(flaw).__name__
    return strip_controls(redacted(str(flaw))).strip()[:_MAX_REASON]
