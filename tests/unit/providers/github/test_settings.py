import pytest
from pydantic import JsonValue

from signalbox.models.errors import Conflict
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.providers.github.provider import GitHub
from signalbox.providers.github.settings import GitHubRedelivery, GitHubSettings

KEY = """-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEA+ab/cd==
-----END RSA PRIVATE KEY-----"""


def test_a_source_without_settings_calls_no_api() -> None:
    assert GitHub().settings == GitHubSettings(api_url="https://api.github.com", redelivery=None)
    assert not GitHub().uses_token


@pytest.mark.parametrize(
    "hook", ["repos/octo-org/.github/hooks/1", "repos/o/a.b_c-d/hooks/42", "orgs/octo-org/hooks/7"]
)
def test_redelivery_is_for_the_webhook_of_a_repository_or_an_organization(hook: str) -> None:
    provider = GitHub().with_settings({"redelivery": {"hook": hook}})

    assert provider.settings == GitHubSettings(redelivery=GitHubRedelivery(hook=hook))
    assert provider.uses_token


def test_redelivery_for_an_app_needs_its_id() -> None:
    app: JsonValue = {"hook": "app", "app_id": "Iv1.8a61f9b3a7aba766"}

    assert GitHub().with_settings({"redelivery": app}).uses_token
    for part in ({"hook": "app"}, {"hook": "repos/o/r/hooks/1", "app_id": "1"}):
        with pytest.raises(SettingsInvalid, match="belong together"):
            GitHub().with_settings({"redelivery": dict(part)})


@pytest.mark.parametrize(
    "hook",
    [
        "",
        "repos/o/r",
        "repos/o/../hooks/1",
        "repos/o/r/hooks/x",
        "orgs/o/r/hooks/1",
        "repos/o/r/hooks/1/deliveries",
        "/repos/o/r/hooks/1",
        "repos/o/r/hooks/1\n",
        "repos/ö/r/hooks/1",
    ],
)
def test_anything_else_is_no_webhook(hook: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"redelivery\.hook"):
        GitHub().with_settings({"redelivery": {"hook": hook}})


@pytest.mark.parametrize("hours", [0, 73, 1.5, "24"])
def test_deliveries_are_requested_for_as_long_as_github_has_them(hours: JsonValue) -> None:
    redelivery: JsonValue = {"hook": "orgs/o/hooks/1", "max_age_hours": hours}

    with pytest.raises(SettingsInvalid, match="max_age_hours"):
        GitHub().with_settings({"redelivery": redelivery})


def test_the_api_may_be_that_of_an_enterprise_server() -> None:
    settings = GitHub().with_settings({"api_url": "https://ghe.example.com/api/v3/"}).settings

    assert settings == GitHubSettings(api_url="https://ghe.example.com/api/v3")


@pytest.mark.parametrize(
    "url",
    [
        "ghe.example.com",
        "ftp://ghe.example.com",
        "https://user:pw@ghe.example.com",
        "https://ghe.example.com/api?x=1",
        "https://ghe.example.com/api#x",
        "https://ghe.example.com//api",
        "https:///api",
        "https://ghe.example.com/a b",
    ],
)
def test_anything_else_is_no_base_of_an_api(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="api_url"):
        GitHub().with_settings({"api_url": url})


def test_a_token_is_one_of_github_or_the_private_key_of_an_app() -> None:
    GitHub().check_token("github_pat_1")
    GitHub().check_token(KEY)

    for token in ("two words", f"{KEY}\nmore", "-----BEGIN RSA PRIVATE KEY-----\nabc"):
        with pytest.raises(Conflict, match="header"):
            GitHub().check_token(token)
