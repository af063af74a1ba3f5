from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import User, UserExec
from lightkube.models.core_v1 import ConfigMap
from lightkube.models.meta_v1 import ObjectMeta

from cli.errors import CommandError
from cli.jobs.cluster import (
    CONFIG_MAPS,
    JOBS,
    PODS,
    Cluster,
    ClusterError,
    ClusterUnavailable,
    byte_lines,
)
from cli.jobs.connect import cluster_of, connect_cluster
from tests.fakes.kubernetes_api import TOKEN, KubernetesApi
from tests.fakes.kubernetes_states import NAMESPACE


def config_map(name: str, **labels: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, labels=labels), data={"a": "b"})


def answered_by(handler: Callable[[httpx2.Request], httpx2.Response]) -> Cluster:
    config = KubeConfig.from_server("https://kubernetes.test").get()
    assert config
    return cluster_of(config, "jobs", httpx2.MockTransport(handler))


def test_an_object_is_created_listed_and_deleted() -> None:
    api = KubernetesApi()
    cluster = api.cluster()

    created = cluster.create(CONFIG_MAPS, config_map("one", team="a"))
    cluster.create(CONFIG_MAPS, config_map("two", team="b"))
    version, found = cluster.list(CONFIG_MAPS, "team=a")
    cluster.delete(CONFIG_MAPS, "two")
    cluster.delete(CONFIG_MAPS, "two")

    assert created.metadata
    assert found == [created]
    assert int(version) >= int(created.metadata.resourceVersion or 0)
    assert cluster.get(CONFIG_MAPS, "one") == created
    assert cluster.get(CONFIG_MAPS, "two") is None
    assert api.tokens == {f"Bearer {TOKEN}"}


def test_a_dry_run_creates_nothing() -> None:
    api = KubernetesApi()

    api.cluster().create(CONFIG_MAPS, config_map("one"), dry_run=True)

    assert api.names("configmaps") == []


def test_a_watch_yields_the_changes_after_a_version_and_bookmarks() -> None:
    api = KubernetesApi()
    cluster = api.cluster()
    version, _ = cluster.list(CONFIG_MAPS, "")
    cluster.create(CONFIG_MAPS, config_map("one", team="a"))
    cluster.create(CONFIG_MAPS, config_map("two", team="b"))
    cluster.delete(CONFIG_MAPS, "one")

    changes = cluster.watch(CONFIG_MAPS, "team=a", version)

    assert [next(changes).type for _ in range(3)] == ["ADDED", "DELETED", "BOOKMARK"]


def test_a_version_that_is_forgotten_is_an_error() -> None:
    api = KubernetesApi()
    cluster = api.cluster()
    version, _ = cluster.list(PODS, "")
    cluster.create(CONFIG_MAPS, config_map("one"))
    api.compact()

    with pytest.raises(ClusterUnavailable, match="410 too old"):
        next(cluster.watch(PODS, "", version))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_api_server_that_cannot_answer_now_may_later(status: int) -> None:
    cluster = answered_by(lambda _: httpx2.Response(status, headers={"Retry-After": "7"}))

    with pytest.raises(ClusterUnavailable, match=f"Kubernetes: {status}") as raised:
        cluster.list(JOBS, "")

    assert raised.value.after == 7.0


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
def test_a_refusal_has_the_words_of_the_api_server(status: int) -> None:
    words = {"kind": "Status", "message": "not like \x1b[31mthat", "code": status}
    cluster = answered_by(lambda _: httpx2.Response(status, json=words))

    with pytest.raises(ClusterError, match=f"{status} not like that") as raised:
        cluster.create(CONFIG_MAPS, config_map("one"))

    assert raised.value.status == status


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"items": 1}', b""])
def test_an_answer_of_something_else_is_an_outage(content: bytes) -> None:
    cluster = answered_by(lambda _: httpx2.Response(200, content=content))

    with pytest.raises(ClusterUnavailable, match="something else"):
        cluster.list(JOBS, "")


def test_an_api_server_that_does_not_answer_is_an_outage() -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("with https://user:password@host in it")

    with pytest.raises(ClusterUnavailable) as raised:
        answered_by(refuse).list(JOBS, "")

    assert str(raised.value) == "Kubernetes did not answer (ConnectError)"


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("echo 'no session \x1b[31mfor Bearer abcd1234efgh' >&2; exit 3", "returned 3: no session"),
        ("echo '{}'", "KeyError"),
        ("echo secret", "JSONDecodeError"),
        ("echo null", "TypeError"),
    ],
)
def test_credentials_that_a_program_does_not_return_are_an_outage(
    program: str, complaint: str
) -> None:
    version = "client.authentication.k8s.io/v1beta1"
    run = UserExec(apiVersion=version, command="sh", args=["-c", program])
    config = KubeConfig.from_server("https://kubernetes.test").get()
    assert config
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200))
    cluster = cluster_of(config._replace(user=User(exec=run)), "jobs", transport)

    with pytest.raises(ClusterUnavailable, match="no credentials") as raised:
        cluster.list(JOBS, "")
    with pytest.raises(ClusterUnavailable, match="no credentials"):
        next(cluster.watch(JOBS, "", "1"))

    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not [word for word in ("\x1b", "abcd1234", "secret") if word in str(raised.value)]


def test_a_server_that_is_no_url_is_an_error() -> None:
    config = KubeConfig.from_server("https://kubernetes.test:port").get()
    assert config

    with pytest.raises(CommandError, match="no cluster: InvalidURL"):
        cluster_of(config, "jobs")


def test_the_kubeconfig_of_the_environment_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    path.write_text(
        """
        current-context: dev
        clusters: [{name: kind, cluster: {server: "https://kubernetes.test"}}]
        contexts: [{name: dev, context: {cluster: kind, user: me, namespace: agents}}]
        users: [{name: me, user: {token: secret}}]
        """
    )
    monkeypatch.setenv("KUBECONFIG", str(path))

    assert connect_cluster(None).namespace == "agents"
    assert connect_cluster(NAMESPACE).namespace == NAMESPACE
    assert "secret" not in repr(connect_cluster(None))


@pytest.mark.parametrize("text", ["a: [", "{}", "contexts: 1", "clusters: [{name: secret}]"])
def test_a_kubeconfig_that_is_none_is_an_error_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(path))

    with pytest.raises(CommandError, match="no cluster") as raised:
        connect_cluster(None)

    assert "secret" not in str(raised.value)


def test_no_kubeconfig_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")

    with pytest.raises(CommandError, match=r"no cluster: .*/nowhere/config not found"):
        connect_cluster(None)


@given(st.binary(max_size=300), st.integers(1, 20), st.data())
def test_lines_are_the_same_wherever_the_bytes_are_cut(
    raw: bytes, limit: int, data: st.DataObject
) -> None:
    raw = raw.replace(b"a", b"\n")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    chunks = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]

    lines = list(byte_lines(chunks, limit))

    assert b"".join(lines) == raw
    assert lines == list(byte_lines([raw], limit))
    assert all(len(line.rstrip(b"\n")) <= limit for line in lines)
