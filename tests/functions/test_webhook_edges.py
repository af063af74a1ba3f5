"""What is refused before a webhook is read, and at which byte."""

import base64

import pytest
from pydantic import JsonValue, ValidationError

from signalbox.models.source import Source
from signalbox.providers.github.signature import signature
from tests.functions.system import SECRET, ApiResponse, Context, System, as_response, event
from tests.samples import sample

STAR = {"X-GitHub-Event": "star", "X-GitHub-Delivery": "d-1"}


def broken(system: System, body: str, signed: bytes, source: str | None = None) -> ApiResponse:
    """The answer to what is said to be base64 and is not."""
    headers = STAR | {"X-Hub-Signature-256": signature(SECRET, signed)}
    sent = event("POST", "/api/v1/webhooks/github", headers, b"")
    path: JsonValue = {"source": source} if source else None
    sent |= {"body": body, "isBase64Encoded": True, "pathParameters": path}
    return as_response(system.github(sent, Context()))


def counts(system: System, source: str = "default") -> JsonValue:
    path = f"/api/v1/rejections?source={source}"
    [found] = system.ask("GET", path, key=system.key("viewer")).items
    return found["counts"]


def bare(system: System, *secrets: str) -> None:
    system.wiring.config.put(Source(provider="github", name="bare"))
    if secrets:
        system.wiring.secrets.put("sources/github/bare", secrets)


@pytest.mark.parametrize("body", ["###", "é", "e30", base64.encodebytes(b"x" * 99).decode()])
@pytest.mark.parametrize("signed", [b"", b"###", b"{}"])
def test_what_is_no_base64_was_signed_by_nobody(system: System, body: str, signed: bytes) -> None:
    answer = broken(system, body, signed)

    assert (answer.status, answer.word("code")) == (401, "signature_invalid")
    assert counts(system) == {"signature_invalid": 1}


def test_what_is_no_base64_is_503_without_a_secret_and_404_without_a_source(
    system: System,
) -> None:
    bare(system)

    statuses = [broken(system, "###", b"", source).status for source in ("bare", "unknown")]

    assert statuses == [503, 404]
    assert counts(system, "bare") == {"secret_missing": 1}


def test_settings_that_are_not_of_the_provider_are_503_until_they_are_corrected(
    system: System,
) -> None:
    source = Source(provider="github", name="bare", settings={"odd": 1})
    system.wiring.config.put(source)

    answer = broken(system, "###", b"", "bare")

    assert answer.status == 503
    assert counts(system, "bare") == {"source_misconfigured": 1}


@pytest.mark.parametrize(
    ("networks", "status"),
    [
        ((), 202),
        (("203.0.113.0/24",), 202),
        (("2001:db8::/32", "203.0.113.7/32"), 202),
        (("198.51.100.0/24",), 403),
        (("2001:db8::/32",), 403),
    ],
)
def test_a_source_admits_the_networks_that_it_names(
    system: System, networks: tuple[str, ...], status: int
) -> None:
    system.wiring.config.put(Source(provider="github", name="bare", networks=networks))
    system.wiring.secrets.put("sources/github/bare", [SECRET])
    star = sample("github", "star.created")

    answer = system.hook(star.raw, star.headers, source="bare")

    assert answer.status == status
    if status == 403:
        assert answer.word("code") == "address_refused"
        assert counts(system, "bare") == {"address_refused": 1}


def test_networks_of_a_service_that_are_not_fetched_yet_are_503(system: System) -> None:
    bare(system, SECRET)
    system.wiring.config.put(Source(provider="github", name="bare", networks=("preset:github",)))
    star = sample("github", "star.created")

    answer = system.hook(star.raw, star.headers, source="bare")

    assert answer.status == 503
    assert "the networks of github were not fetched yet" in answer.word("detail")
    assert counts(system, "bare") == {"networks_missing": 1}


@pytest.mark.parametrize("network", ["", "192.0.2.7/24", "192.0.2.0/33", "example.com", "*"])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(ValidationError, match="expects a network"):
        Source(provider="github", networks=(network,))


def test_the_api_answers_400_to_what_is_no_base64(system: System) -> None:
    headers = {"content-type": "application/json", "x-api-key": system.key("operator")}
    sent = event("POST", "/api/v1/tasks", headers, b"")

    answer = as_response(system.api(sent | {"body": "###", "isBase64Encoded": True}, Context()))

    assert answer.status == 400


def test_a_request_without_any_headers_is_answered(system: System) -> None:
    sent = event("POST", "/api/v1/webhooks/github", {}, b"{}")

    answer = as_response(system.github(sent | {"headers": None}, Context()))

    assert answer.status == 401


@pytest.mark.parametrize("byte", [b"x", b"\xff"], ids=["as text", "in base64"])
def test_a_million_bytes_are_taken_and_not_one_more(system: System, byte: bytes) -> None:
    statuses = [system.hook(byte * size, STAR).status for size in (1_000_000, 1_000_001)]

    assert statuses == [202, 413]


@pytest.mark.parametrize("byte", [b"x", b"\xff"], ids=["as text", "in base64"])
def test_how_much_is_taken_is_a_setting(
    system: System, monkeypatch: pytest.MonkeyPatch, byte: bytes
) -> None:
    monkeypatch.setenv("SIGNALBOX_MAX_BODY_BYTES", "1000")
    system.restart()

    statuses = [system.hook(byte * size, STAR).status for size in (1_000, 1_001)]

    assert statuses == [202, 413]


@pytest.mark.parametrize("source", [None, "off"])
def test_a_source_that_is_switched_off_is_not_there(system: System, source: str | None) -> None:
    ping = sample("github", "ping")
    system.wiring.config.put(Source(provider="github", name=source or "default", enabled=False))
    system.wiring.secrets.put("sources/github/off", [SECRET])

    answer = system.hook(ping.raw, ping.headers, source=source)

    assert (answer.status, answer.word("code")) == (404, "not_found")


def test_a_missing_secret_is_logged_as_an_error_with_its_reason(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    ping = sample("github", "ping")
    bare(system)

    system.hook(ping.raw, ping.headers, source="bare", secret="")

    [line] = [each for each in caplog.records if each.getMessage() == "webhook"]
    assert line.levelname == "ERROR"
    assert {
        "provider": "github",
        "source": "bare",
        "outcome": "unavailable",
        "reason": "no secret is configured to verify signatures with",
        "status_code": 503,
    }.items() <= line.__dict__.items()


@pytest.mark.parametrize("before", [("changeme",), ("",), ()])
def test_a_secret_that_takes_the_place_of_none_is_known_before_the_cache_ends(
    system: System, before: tuple[str, ...]
) -> None:
    ping = sample("github", "ping")
    bare(system)
    system.wiring.secrets.put("sources/github/bare", before)
    first = system.hook(ping.raw, ping.headers, source="bare", secret="real").status
    system.wiring.secrets.put("sources/github/bare", ["real"])
    system.clock.advance(seconds=31)

    then = system.hook(ping.raw, ping.headers, source="bare", secret="real").status

    assert (first, then) == (503, 200)


def test_an_action_that_is_not_read_is_ignored_whatever_else_is_odd(system: System) -> None:
    answer = system.post("issues.labeled", action="closed", label="x")

    assert (answer.status, answer.word("status")) == (202, "ignored")


def test_the_reason_names_the_part_that_is_missing(system: System) -> None:
    answer = system.post("issue_comment.created", comment=None)

    assert (answer.status, answer.word("detail")) == (400, "comment is missing")
