"""The tutorials of the documentation do what they show, command by command."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.fakes.http_server import FakeHttpServer, Reply
from tests.pages import DOCS
from tests.tutorials import TUTORIALS, run_tutorial


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who follows a tutorial at the installation, in a directory."""

    installation: Installation
    directory: Path

    def follow(self, name: str, **origins: str) -> str:
        """What is printed. `port=origin` says where the address of a page really is."""
        stack = {"4600": self.installation.base_url, "4601": self.installation.echo_url}
        ports = stack | {port.removeprefix("at_"): origin for port, origin in origins.items()}
        return run_tutorial(
            DOCS / "tutorials" / f"{name}.md",
            self.directory,
            {
                "SIGNALBOX_HOME": str(self.installation.home),
                "SIGNALBOX_API_KEY": self.installation.key,
            },
            {f"http://127.0.0.1:{port}": origin for port, origin in ports.items()},
        )


@pytest.fixture
def reader(installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    for name in ("SIGNALBOX_STAGE", "SIGNALBOX_STACK", "SIGNALBOX_URL"):
        monkeypatch.delenv(name, raising=False)
    return Reader(installation=installation, directory=tmp_path)


def test_the_tutorials_are_these() -> None:
    assert [page.stem for page in TUTORIALS] == [
        "gateway-in-front-of-two-services",
        "github-comment-to-agent",
        "sentry-alert-to-jira-issue",
    ]


def test_a_comment_on_github_reaches_an_agent(reader: Reader) -> None:
    printed = reader.follow("github-comment-to-agent")

    _, _, after = printed.rpartition("tasks list --status succeeded")
    assert "changed the check of the session cookie for: agent: fix the login" in printed
    assert "agent: fix the login" in after


def test_an_alert_of_sentry_becomes_an_issue_in_jira(reader: Reader) -> None:
    printed = reader.follow("sentry-alert-to-jira-issue")

    assert "[Done] ReferenceError: platform is not defined" in printed
    assert "delivered" in printed.rpartition("notifications list")[2]


def test_two_services_are_behind_one_address(reader: Reader) -> None:
    orders, users = FakeHttpServer(), FakeHttpServer()
    orders.usual = Reply(body=json.dumps({"orders": [42]}).encode())
    users.usual = Reply(body=json.dumps({"name": "ada"}).encode())

    with orders.running(), users.running():
        printed = reader.follow(
            "gateway-in-front-of-two-services", at_9001=orders.url, at_9002=users.url
        )

    assert [each.path for each in orders.received] == ["/api/latest", "/api/latest"]
    assert [each.path for each in users.received] == ["/api/me"]
    assert '"code":"unauthenticated"' in printed
