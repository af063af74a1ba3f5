"""Connect to the cluster that this process runs in, or to that of a kubeconfig."""

import httpx2
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError
from yaml import YAMLError

from cli.errors import CommandError
from cli.jobs.cluster import Cluster


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
    except (ConfigError, OSError, ValueError) as flaw:
        raise CommandError(f"no cluster: {_reason(flaw)}") from None
    return Cluster(http=http, namespace=namespace or config.namespace)


def _reason(flaw: Exception) -> str:
    """Return what is wrong, without lines of the file, which has credentials."""
    return str(flaw) if isinstance(flaw, ConfigError | OSError) else type(flaw).__name__
