"""Where credentials come from, and when they are replaced."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest

from signalbox.aws.errors import AwsUnreachable
from signalbox.aws.transport.credentials import (
    AwsCredentials,
    ContainerCredentials,
    EnvironmentCredentials,
    SdkCredentials,
    credential_source,
    fetch_credentials,
)
from tests.fakes.aws_server import AwsServer, answers, response
from tests.fakes.clock import FakeClock

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "sesame"}
DOCUMENT = {
    "AccessKeyId": "AKID",
    "SecretAccessKey": "sesame",
    "Token": "open",
    "Expiration": "2026-03-01T18:00:00Z",
}


class Endpoint:
    """Gives credentials that expire in an hour, or none."""

    def __init__(self, clock: FakeClock, pause: float = 0.0) -> None:
        self._clock = clock
        self._pause = pause
        self.down = False
        self.calls = 0

    def __call__(self, environment: Mapping[str, str]) -> AwsCredentials:
        del environment
        self.calls += 1
        sleep(self._pause)
        if self.down:
            raise AwsUnreachable("down")
        until = self._clock() + timedelta(hours=1)
        return AwsCredentials(
            access_key=f"AKID{self.calls}", secret_key="s", expires_at=until.timestamp()
        )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def endpoint(clock: FakeClock) -> Endpoint:
    return Endpoint(clock)


@pytest.fixture
def source(endpoint: Endpoint, clock: FakeClock) -> ContainerCredentials:
    return ContainerCredentials({}, endpoint, lambda: clock().timestamp())


def test_keys_of_the_environment_come_first() -> None:
    relative = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/creds"}
    source = credential_source(KEYS | relative | {"AWS_SESSION_TOKEN": "open"})

    assert isinstance(source, EnvironmentCredentials)
    assert source() == AwsCredentials(access_key="AKID", secret_key="sesame", token="open")
    assert not source.invalidate(source())


def test_an_environment_with_an_endpoint_has_no_keys() -> None:
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/"}

    assert isinstance(credential_source(environment), ContainerCredentials)
    assert isinstance(credential_source({}), SdkCredentials)


def test_credentials_are_fetched_again_ten_minutes_before_they_expire(
    source: ContainerCredentials, clock: FakeClock
) -> None:
    found = []
    for minutes in (0, 49, 1):
        clock.advance(timedelta(minutes=minutes))
        found.append(source().access_key)

    assert found == ["AKID1", "AKID1", "AKID2"]


def test_credentials_hold_while_the_endpoint_is_down_until_they_expire(
    source: ContainerCredentials, endpoint: Endpoint, clock: FakeClock
) -> None:
    source()
    endpoint.down = True
    clock.advance(timedelta(minutes=59))

    assert source().access_key == "AKID1"

    clock.advance(timedelta(minutes=1))
    with pytest.raises(AwsUnreachable):
        source()


def test_credentials_that_were_refused_are_replaced(source: ContainerCredentials) -> None:
    before = source()

    assert source.invalidate(before)
    assert source().access_key == "AKID2"
    assert source.invalidate(before)
    assert source().access_key == "AKID2"


def test_threads_share_one_request_for_credentials(clock: FakeClock) -> None:
    endpoint = Endpoint(clock, pause=0.05)
    source = ContainerCredentials({}, endpoint, lambda: clock().timestamp())

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: source().access_key, range(8)))

    assert (found, endpoint.calls) == (["AKID1"] * 8, 1)


def test_the_endpoint_gets_the_token_of_the_container(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    tokens = [
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "from-the-environment"},
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file)},
    ]
    document = response(200, json.dumps(DOCUMENT).encode(), connection="close")
    with AwsServer(answers(document)).running() as server:
        url = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/creds?id=1"}
        found = [fetch_credentials(url | token) for token in tokens]

    until = datetime(2026, 3, 1, 18, tzinfo=UTC).timestamp()
    assert found[0] == found[1]
    assert found[0] == AwsCredentials(
        access_key="AKID", secret_key="sesame", token="open", expires_at=until
    )
    assert server.requests[0].startswith(b"GET /creds?id=1 HTTP/1.1\r\n")
    assert b"Authorization: from-the-environment\r\n" in server.requests[0]
    assert b"Authorization: from-a-file\r\n" in server.requests[1]


@pytest.mark.parametrize(
    "url",
    ["", "http://example.com/creds", "http://169.254.169.254/", "ftp://127.0.0.1/", "file:///etc"],
)
def test_no_token_goes_to_another_host_in_the_clear(url: str) -> None:
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url}

    with pytest.raises(AwsUnreachable, match="no credentials: neither"):
        fetch_credentials(environment)


@pytest.mark.parametrize(
    "content",
    [
        response(403, json.dumps(DOCUMENT).encode()),
        response(200, b"sesame"),
        response(200, b"[]"),
        response(200, b'{"AccessKeyId": "AKID"}'),
        response(200, json.dumps(DOCUMENT | {"Expiration": "sesame"}).encode()),
    ],
)
def test_an_endpoint_that_gives_none_is_named_without_its_answer(content: bytes) -> None:
    with (
        AwsServer(answers(content)).running() as server,
        pytest.raises(AwsUnreachable, match="no credentials") as failed,
    ):
        fetch_credentials({"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url})

    assert "sesame" not in str(failed.value)


def test_an_endpoint_that_is_not_there_is_an_error() -> None:
    with AwsServer(answers(b"")).running() as server:
        gone = server.url

    with pytest.raises(AwsUnreachable, match="ConnectionRefusedError"):
        fetch_credentials({"AWS_CONTAINER_CREDENTIALS_FULL_URI": gone})


@pytest.mark.parametrize(
    "token",
    [
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "two\nlines"},
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere/token"},
    ],
)
def test_a_token_that_cannot_be_sent_is_an_error(token: Mapping[str, str]) -> None:
    url = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1"}

    with pytest.raises(AwsUnreachable, match=r"the (file of the )?token"):
        fetch_credentials({**url, **token})


class Found:
    """Credentials as botocore has them."""

    def __init__(self, access_key: str) -> None:
        self.access_key, self.secret_key, self.token = access_key, "sesame", None
        self.expired = False

    def get_frozen_credentials(self) -> "Found":
        if self.expired:
            raise RuntimeError("the credentials have expired")
        return self


def test_a_process_with_a_profile_has_the_credentials_of_the_sdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "credentials"
    shared.write_text("[team]\naws_access_key_id = AKIDTEAM\naws_secret_access_key = sesame\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    monkeypatch.setenv("AWS_PROFILE", "team")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)

    credentials = credential_source({"AWS_PROFILE": "team"})()

    assert (credentials.access_key, credentials.secret_key) == ("AKIDTEAM", "sesame")


def test_credentials_of_the_sdk_are_looked_up_again_after_aws_refused_them() -> None:
    found = [Found("AKID2"), Found("AKID1")]
    source = SdkCredentials(find=found.pop)  # type: ignore[arg-type]  # as botocore's are used

    first = source()

    assert source.invalidate(first)
    assert (first.access_key, source().access_key, source().access_key) == (
        "AKID1",
        "AKID2",
        "AKID2",
    )


def test_credentials_of_the_sdk_that_are_missing_or_have_expired_are_an_error() -> None:
    found = Found("AKID")
    found.expired = True

    with pytest.raises(AwsUnreachable, match="neither keys, a profile, nor a role"):
        SdkCredentials(find=lambda: None)()
    with pytest.raises(AwsUnreachable, match="no credentials: RuntimeError"):
        SdkCredentials(find=lambda: found)()  # type: ignore[arg-type,return-value]  # see above
