import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models import redaction
from signalbox.models.redaction import MASK, redacted

CANARY = "Ca2Na3Ry4Zz5Qq6Ww7Ee8"

SHAPES = [
    f"POST https://hooks.slack.com/services/T0001/B0002/{CANARY} failed",
    f"https://hooks.slack.com/workflows/T0001/A0002/123/{CANARY}",
    f"https://hooks.slack.com/commands/1/2/{CANARY}",
    f"https://hooks.slack.com/actions/1/2/{CANARY}",
    f"HTTPS://HOOKS.SLACK.COM/services/T0001/B0002/{CANARY}",
    f"Max retries exceeded with url: /services/T0001/B0002/{CANARY} (Caused by …)",
    f'{{"response_url": "https://example.com/{CANARY}", "ok": 1}}',
    f'{{"trigger_id":"12345.98765.{CANARY}"}}',
    f'{{"response_url":"https:\\/\\/example.com\\/{CANARY}","ok":1}}',
    f"see https:\\/\\/hooks.slack.com\\/app\\/T0001\\/2\\/{CANARY}",
    f"payload=%7B%22trigger_id%22%3A%22123.456.{CANARY}%22%7D",
    f"payload=%7B%22a%22%3A1%2C+%22token%22%3A+%22{CANARY}%22%7D",
    f"payload=%7B%22response_url%22%3A%22https%3A%5C%2F%5C%2Fexample.com%5C%2F{CANARY}%22%7D",
    f"payload=%7B%22response_url%22%3A%20%22https%3A%2F%2Fexample.com%2F{CANARY}%22%7D",
    f"payload=%22%7B%5C%22response_url%5C%22%3A%5C%22https%3A%2F%2Fexample.com%2F{CANARY}%5C%22%7D",
    f"text=see+https%3A%2F%2Fhooks.slack.com%2Fapp%2FT0001%2F2%2F{CANARY}",
    f"https://discord.com/api/webhooks/123456/{CANARY}?wait=true",
    f"https://discordapp.com/api/v10/webhooks/123456/{CANARY}",
    f"https://discord.com/api/v10/interactions/123456/{CANARY}/callback",
    f"with url: /api/webhooks/123456/{CANARY}",
    f"https://prod-1.westus.logic.azure.com/workflows/x/invoke?api-version=1&sig={CANARY}",
    f"https://api.trello.com/1/cards?key={CANARY}&name=x",
    f"https://api.trello.com/1/cards?token={CANARY}",
    f"access_token={CANARY}&scope=all",
    f'OAuth oauth_consumer_key="{CANARY}", oauth_token="{CANARY}"',
    f'Authorization: OAuth oauth_consumer_key="{CANARY}", oauth_token="{CANARY}"',
    f'{{"routing_key": "{CANARY}"}}',
    f"{{'routing_key': '{CANARY}'}}",
    f'"{{\\"token\\":\\"{CANARY}\\"}}"',
    f"xoxb-1111-2222-{CANARY}",
    f"xoxp-1-{CANARY}",
    f"xoxe.xoxb-1-{CANARY}",
    f"xapp-1-A1-{CANARY}",
    f"ghp_{CANARY}",
    f"ghs_{CANARY}",
    f"token%3Dghp_{CANARY}",
    f"github_pat_11A_{CANARY}",
    f"glpat-{CANARY}",
    f"lin_api_{CANARY}",
    f"lin_oauth_{CANARY}",
    f"whsec_{CANARY}+/==",
    f"whsk_{CANARY}",
    f"ATATT3x{CANARY}-x_y=1A2B",
    f"sbx_live_{CANARY}{CANARY}",
    f"sbx_test_{CANARY}",
    f"Authorization: Bearer {CANARY}",
    f"authorization:Basic {CANARY}",
    f"{{'Authorization': 'Bearer {CANARY}'}}",
    f'"X-Gitlab-Token": "{CANARY}"',
    f"X-Gitlab-Token: {CANARY}",
    f"x-api-key: {CANARY}",
    f"sent with Bearer {CANARY}",
    f"https://user:{CANARY}@example.com/x",
    f"https://{CANARY}@example.com/x",
    f"postgres://user:p@{CANARY}@example.com/x",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{CANARY}",
    f"?jwt=eyJhbGciOiJIUzI1NiJ9.{CANARY}.x",
    f"state%3DeyJhbGciOiJIUzI1NiJ9.{CANARY}.x",
    f"-----BEGIN RSA PRIVATE KEY-----\nMII\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\n{CANARY}",
]
MORE_SHAPES = [
    f"url: /services/T0001/B0002/{CANARY}",
    f"/interactions/123456/{CANARY}",
    "{'password': 'correct horse'}",
    f'"x-api-key": "{CANARY}"',
    f"Basic {CANARY}",
    *(f"{name}_{CANARY}" for name in ("sbs", "sbt", "gho", "ghu", "ghr")),
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
]
PIECES = sorted(
    {literal for row in redaction._PATTERNS for literal in row[0]}
    | {literal.upper() for row in redaction._PATTERNS for literal in row[0]}
    | {
        part
        for shape in (*SHAPES, *MORE_SHAPES)
        for part in re.split(rf"({CANARY}|[^\\w-])", shape)
        if part
    }
)
"""Parts of secrets, of which most texts are none."""

HARMLESS = [
    "Slack answered 404 channel_not_found",
    "token: the refresh fails after an hour",
    "Basic functionality and bearer authentication",
    "highs_and_lows of monkey=banana",
    "see https://github.com/octo/hello/issues/1#issuecomment-1",
    "https://medium.com/@octocat/a-title",
    "the key is under the mat",
    "sbx_ is the prefix",
    "Cache restored from key=node-20-abcdef",
    "Restore cache key=linux-node-20",
    "Cache hit for restore-key=Linux-pip-3.12-requirements",
    '{"Tags": [{"Key": "env", "Value": "prod"}]}',
    '{"Key": "aws:cloudformation:stack-name", "Value": "signalbox"}',
    '{"cache_key": "linux-node-20", "primary_key": "id"}',
    'expected token="IDENT" but got token="EOF"',
    "unexpected token=UNEXPECTED_END_OF_FILE at line 3",
    "syntax error near token='then'",
    "got token=someVariableName",
    "clone https://ada@git.example.com/org/repo.git",
    "clone ssh://git@github.com/octo/hello.git",
    "primary key: id, foreign key: owner",
    "?sort=name&key=asc",
    "sorted(items, key=lambda item: item.createdAt)",
    "sig=SIGTERM, signature=void(int)",
    "docker build --cache-from key=registry.example.com/app:2026.11.27",
    "key=refs/heads/feature-2026-11-27-new-login-page",
    'kubectl label node key="app.kubernetes.io/managed-by"',
    "key=20260301",
    "tsk_aeaqcaibaeaqcaibaeaqcaib · ntf_aeaqcaibaeaqcaibaeaqcaib",
]


@pytest.mark.parametrize("text", SHAPES)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    shown = redacted(text)

    assert CANARY not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        CANARY[:16],
        CANARY.lower(),
        "0471ab33f8e1c0d944b2f6a87730ce15",
        "ATTA0471ab33f8e1c0d944b2f6a87730ce15f8e1c0d944b2f6a87730ce15A1B2C3D4",
        "dGhpcyBpcyBhIHNlY3JldCBrZXkgb2YgMzIgYnl0ZXM",
        "iAq8yQ-Ty_4nVkq0-xG7b3Lw_pZs9eRt2uD5fHj1mKo",
        "mF%2B9zT7hK2pQ4vB8nX1cW6yL3sD5gJ0rE%3D",
        "550e8400-e29b-41d4-a716-446655440000",
        "prod-8f14e45fceea167a5a36dedd4bea2543",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "https://api.trello.com/1/cards?key={}&name=x",
        "?token={}&x=1",
        'token="{}"',
        "sig={}",
        '{{"Key": "{}"}}',
        "{{'signature': '{}'}}",
        "https://{}@example.com/x",
    ],
)
def test_what_looks_random_is_masked_behind_a_name_that_others_have_too(
    text: str, value: str
) -> None:
    shown = redacted(text.format(value))

    assert shown == text.format(MASK)


@pytest.mark.parametrize(
    "text", ["password=hunter2", '{"client_secret": "letmein"}', "https://ada:pw@example.com/"]
)
def test_the_value_of_a_name_that_only_secrets_have_is_masked_whatever_it_is(text: str) -> None:
    assert MASK in redacted(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    text = f"POST https://hooks.slack.com/services/T1/B2/{CANARY} answered 500"

    assert redacted(text) == f"POST https://hooks.slack.com/services/{MASK} answered 500"


@pytest.mark.parametrize(
    "text",
    [
        "refused: hunter2-x!",
        "refused: hunter2-x%21 in a query",
    ],
)
def test_a_known_secret_of_any_shape_is_taken_out(text: str) -> None:
    assert "hunter2" not in redacted(text, ["hunter2-x!"])


def test_a_known_address_is_taken_out_without_its_host_too() -> None:
    secret = f"https://example.com/hook/{CANARY}?code=abcdefabcdef"

    shown = redacted(f"no answer from /hook/{CANARY}?code=abcdefabcdef or {CANARY}", [secret])

    assert shown == f"no answer from {MASK} or {MASK}"


def test_an_empty_secret_takes_nothing_out() -> None:
    assert redacted("all is well", ["", " ", "l"]) == "all is well"


@given(text=st.text())
def test_taking_out_twice_is_taking_out_once(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@given(parts=st.lists(st.sampled_from(PIECES), max_size=12))
def test_a_pattern_that_is_left_out_would_have_matched_nothing(parts: list[str]) -> None:
    text = "".join(parts)

    shown = redacted(text)

    # a character outside of ASCII makes all patterns be tried
    assert f"…\n{shown}" == redacted(f"…\n{text}")


@pytest.mark.parametrize("text", [*SHAPES, *MORE_SHAPES])
def test_a_secret_is_taken_out_in_upper_and_in_lower_case_if_it_is_with_all_patterns(
    text: str,
) -> None:
    for other in (text.upper(), text.lower(), text.swapcase()):
        assert f"…\n{redacted(other)}" == redacted(f"…\n{other}")


def test_a_letter_that_counts_as_one_of_ascii_hides_no_secret() -> None:
    kelvin = "\N{KELVIN SIGN}"

    shown = redacted(f"https://hooks.slac{kelvin}.com/services/t1/b2/{CANARY}")

    assert CANARY not in shown


def test_an_address_of_colons_alone_does_not_take_long() -> None:
    began = process_time()

    redacted("://" + ":" * 200_000)

    assert process_time() - began < 2.0


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "eyJaaaa.",
        "://",
        "://a",
        '"token":',
        "token=",
        "Authorization:",
        "ghp_",
        "-----BEGIN PRIVATE KEY-----",
        "basic aaaaaaa ",
        '"key"   ',
        '"key":"a1b2',
        "key=a1B2",
        "key=aaaa-",
        "://a@",
        "://a:",
        "/services/T",
        "Bearer ",
        "oauth_",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    began = process_time()

    redacted(piece * (200_000 // len(piece)))

    assert process_time() - began < 2.0
