"""Signatures are those of AWS's own test suite, and of botocore."""

from datetime import UTC, datetime
from typing import Final

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from signalbox.aws.transport.credentials import AwsCredentials
from signalbox.aws.transport.sigv4 import SigningScope, sign_headers

KEYS = AwsCredentials(
    access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)
SCOPE = SigningScope(region="us-east-1", service="service")
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
HOST = {"host": "example.amazonaws.com"}
TOKEN: Final = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfp"
    "SPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQ"
    "DYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+s"
    "cqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM = "application/x-www-form-urlencoded"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-test-suite.html
VECTORS = [
    ("GET", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("POST", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        "POST",
        {"my-header1": "value1"},
        b"",
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ),
    (
        "POST",
        {"my-header1": "VALUE1"},
        b"",
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    (
        "GET",
        {"my-header1": " value1", "my-header2": ' "a   b   c"'},
        b"",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    (
        "POST",
        {"content-type": FORM},
        b"Param1=value1",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
]


@pytest.mark.parametrize(
    ("method", "headers", "body", "signature"),
    VECTORS,
    ids=[
        "get-vanilla",
        "post-vanilla",
        "post-header-key-sort",
        "post-header-value-case",
        "get-header-value-trim",
        "post-x-www-form-urlencoded",
    ],
)
def test_signatures_are_those_of_the_suite_of_aws(
    method: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    signed = sign_headers(
        HOST | headers, body, credentials=KEYS, scope=SCOPE, now=NOW, method=method
    )

    names = ";".join(sorted([*HOST, *headers, "x-amz-date"]))
    assert signed["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    assert signed["x-amz-date"] == "20150830T123600Z"


def test_a_session_token_is_signed_as_in_the_suite_of_aws() -> None:
    temporary = AwsCredentials(access_key=KEYS.access_key, secret_key=KEYS.secret_key, token=TOKEN)

    signed = sign_headers(HOST, b"", credentials=temporary, scope=SCOPE, now=NOW)

    assert signed["x-amz-security-token"] == TOKEN
    assert signed["authorization"].endswith(
        "SignedHeaders=host;x-amz-date;x-amz-security-token, "
        "Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    )


def test_blanks_around_and_within_a_value_are_signed_as_one_space() -> None:
    signed, plain = (
        sign_headers(HOST | {"x-amz-target": value}, b"", credentials=KEYS, scope=SCOPE, now=NOW)
        for value in ("\tA.B\t \tC ", "A.B C")
    )

    assert signed["authorization"] == plain["authorization"]


@pytest.mark.parametrize("path", ["/", "/base/path"])
@pytest.mark.parametrize("body", [b"", b"{}", '{"title":"Größe"}'.encode()])
def test_signatures_are_those_of_botocore(path: str, body: bytes) -> None:
    signed = sign_headers(
        HOST | {"content-type": "application/x-amz-json-1.0", "x-amz-target": "A.B"},
        body,
        credentials=KEYS,
        scope=SCOPE,
        now=NOW,
        path=path,
    )

    request = AWSRequest(
        method="POST",
        url=f"https://example.amazonaws.com{path}",
        headers={name: value for name, value in signed.items() if name != "authorization"},
        data=body,
    )
    auth = SigV4Auth(Credentials(KEYS.access_key, KEYS.secret_key), "service", "us-east-1")
    request.context["timestamp"] = signed["x-amz-date"]
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    assert signed["authorization"].rpartition("=")[2] == signature


def test_another_day_has_another_key() -> None:
    signed = [
        sign_headers(HOST, b"", credentials=KEYS, scope=SCOPE, now=NOW + days * 86_400)
        for days in (0, 1)
    ]

    first, second = (each["authorization"] for each in signed)
    assert "/20150830/" in first
    assert "/20150831/" in second


def test_credentials_show_no_secret() -> None:
    held = AwsCredentials(access_key="AKID", secret_key="sesame", token="open")

    assert repr(held) == "AwsCredentials(access_key='AKID', expires_at=None)"
