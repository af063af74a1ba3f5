import socket
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest

from signalbox.egress.http_client import HttpClient, HttpRequest
from signalbox.models.errors import SendDelayed, SendRefused
from tests.builders import NOW
from tests.fakes.certificates import DAY, FakeAuthority
from tests.fakes.http_server import FakeHttpServer

PUBLIC = "93.184.215.14"
SECRET = "Ca2Na3Ry4Zz5"


@pytest.fixture
def server() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> FakeAuthority:
    return FakeAuthority(tmp_path)


class Names:
    """A resolver that gives the next answer each time it is asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def _local(server: FakeHttpServer) -> HttpClient:
    return HttpClient(trusted=[server.url], connect=0.5, read=0.5, total=1.0, clock=lambda: NOW)


def _refusal(http: HttpClient, url: str) -> str:
    with pytest.raises(SendRefused) as refusal:
        http(HttpRequest(url=url))
    return refusal.value.reason


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://example.com:443/",
        "https://example.com:22/",
        "https://user:password@example.com/",
        "https://token@example.com/",
        "https://example.com./",
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com/",
        "https://",
        "https:///x",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://example.com:\uff18\uff14\uff14\uff13/",
        "https://example.com:443:22/",
        "https://@example.com/",
        "https://:@example.com/",
        "https://example.com@10.0.0.1/",
        "https://example.com\\@10.0.0.1/",
        "https://10.0.0.1\\@example.com/",
        "https://example.com%40evil.example/",
        "https://example.com%2e/",
        "https://127.0.0.1%00.example.com/",
        "https://127.0.0.1./",
        "https://localhost./",
        "https://example.com。/",
        "https://example..com/",
        f"https://{'a' * 64}.example/",
        "https://exam\tple.com/",
        "https://example.com\n/",
        "https:/example.com/",
        "https:\\\\example.com\\",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。1/",
        "https://\uff45xample.com/",
        "https://exam\u00adple.com/",
        "nonsense",
        "",
    ],
)
def test_an_address_that_is_no_public_https_url_is_refused(url: str) -> None:
    names = Names([PUBLIC])

    _refusal(HttpClient(resolve=names), url)

    assert not names.asked


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f.1",
        "127.1",
        "0",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[ff02::1]",
        "[::ffff:169.254.169.254]",
        "169.254.169.254",
        "169.254.170.2",
        "[fd00:ec2::254]",
        "10.0.0.1",
    ],
)
def test_no_spelling_of_a_private_address_is_called(host: str) -> None:
    assert _refusal(HttpClient(), f"https://{host}/") == "the address is not a public one"


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], [PUBLIC, "::1"], ["10.0.0.1", PUBLIC], ["64:ff9b::127.0.0.1"]]
)
def test_one_private_address_among_others_is_enough(addresses: Sequence[str]) -> None:
    reason = _refusal(HttpClient(resolve=Names(addresses)), "https://example.com/")

    assert reason == "the address is not a public one"


def test_a_name_is_resolved_once_for_each_call() -> None:
    names = Names(["10.0.0.1"], ["127.0.0.1"])
    http = HttpClient(resolve=names)

    for _ in range(2):
        _refusal(http, "https://example.com:8443/")

    assert names.asked == [("example.com", 8443)] * 2


def test_a_name_that_resolves_to_another_address_later_leads_to_the_checked_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], timeout: float) -> socket.socket:
        del timeout
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    names = Names([PUBLIC], ["127.0.0.1"])
    http = HttpClient(resolve=names)

    with pytest.raises(SendDelayed, match="ConnectionRefusedError"):
        http(HttpRequest(url="https://example.com/"))
    _refusal(http, "https://example.com/")

    assert called == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    ("host", "resolved"),
    [
        ("EXAMPLE.com", "example.com"),
        ("\u0435xample.com", "xn--xample-2of.com"),
        ("ex\u00e4mple.com", "xn--exmple-cua.com"),
    ],
)
def test_a_name_of_other_letters_is_never_that_which_it_looks_like(
    host: str, resolved: str
) -> None:
    names = Names(["10.0.0.1"])

    _refusal(HttpClient(resolve=names), f"https://{host}/")

    assert names.asked == [(resolved, 443)]


@pytest.mark.parametrize("port", [443, 8443])
def test_the_ports_of_https_are_called(port: int) -> None:
    names = Names(["10.0.0.1"])

    _refusal(HttpClient(resolve=names), f"https://example.com:{port}/")

    assert names.asked == [("example.com", port)]


@pytest.mark.parametrize("port", [1, 21, 25, 80, 444, 2375, 6379, 8080, 9200, 65535])
def test_no_other_port_is_called(port: int) -> None:
    names = Names([PUBLIC])

    reason = _refusal(HttpClient(resolve=names), f"https://example.com:{port}/")

    assert reason == f"port {port} is not called"
    assert not names.asked


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:{port}/"])
def test_trust_is_in_one_origin_alone(server: FakeHttpServer, url: str) -> None:
    http = _local(server)

    _refusal(http, url.format(port=server.port))

    assert http.trusts(f"{server.url}/any/path?x=1")
    assert not http.trusts(url.format(port=server.port))
    assert not http.trusts(f"http://127.0.0.1:{server.port}@example.com/")
    assert not http.trusts("nonsense")
    assert not server.received


def test_a_nonsensical_origin_cannot_be_trusted() -> None:
    with pytest.raises(ValueError, match="URL"):
        HttpClient(trusted=["nonsense"])


def test_the_checked_address_is_called_under_the_name(authority: FakeAuthority) -> None:
    with FakeHttpServer(authority.server("hooks.test")).running() as server:
        origin = f"https://hooks.test:{server.port}"
        names = Names(["127.0.0.2", "127.0.0.1"])
        http = HttpClient(trusted=[origin], resolve=names, tls=authority.client)

        answer = http(HttpRequest(url=f"{origin}/x"))

    assert answer.body == b"ok"
    assert server.received[0].headers["host"] == f"hooks.test:{server.port}"


@pytest.mark.parametrize(
    ("host", "left", "reason"),
    [
        ("hooks.test", -DAY, "certificate has expired"),
        ("other.test", DAY, "Hostname mismatch"),
    ],
)
def test_a_bad_certificate_is_refused(
    authority: FakeAuthority, host: str, left: timedelta, reason: str
) -> None:
    with FakeHttpServer(authority.server(host, left=left)).running() as server:
        origin = f"https://hooks.test:{server.port}"
        http = HttpClient(trusted=[origin], resolve=Names(["127.0.0.1"]), tls=authority.client)

        refusal = _refusal(http, f"{origin}/{SECRET}")

    assert reason in refusal
    assert SECRET not in refusal
    assert not server.received


def test_a_certificate_of_nobody_we_know_is_refused(authority: FakeAuthority) -> None:
    with FakeHttpServer(authority.server("127.0.0.1")).running() as server:
        assert "certificate" in _refusal(_local(server), server.url)


def test_plain_http_where_tls_should_be_is_refused(server: FakeHttpServer) -> None:
    url = server.url.replace("http:", "https:")

    assert "TLS" in _refusal(HttpClient(trusted=[url], total=2.0), url)


def test_a_name_that_is_found_too_late_is_not_called(server: FakeHttpServer) -> None:
    def slowly(host: str, port: int) -> Sequence[str]:
        del port
        sleep(0.1)
        return [host]

    http = HttpClient(trusted=[server.url], resolve=slowly, total=0.05)

    with pytest.raises(SendDelayed, match="no whole answer"):
        http(HttpRequest(url=server.url))

    assert not server.received


def test_an_unknown_name_may_be_known_later() -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, f"{host} {port} is not known")

    with pytest.raises(SendDelayed, match="gaierror"):
        HttpClient(resolve=nowhere)(HttpRequest(url="https://nowhere.example/"))
