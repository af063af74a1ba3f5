"""The outcome that follows the answer, at each provider that takes one."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from pydantic import JsonValue

from signalbox.egress.follow_up import FollowUpApi, HttpFollowUp
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.models.delivery import DuplicateCount, StoredDelivery
from signalbox.models.errors import PayloadInvalid, SendDelayed, SendRefused, Unavailable
from signalbox.models.request import InboundRequest
from signalbox.runtime.registry import follow_up_opener, providers
from signalbox.services.deliveries.reinterpret import stored_request
from tests.builders import NOW, a_deferred
from tests.fakes.clock import FakeClock
from tests.samples import request_of, sample

HOOK = "https://hooks.slack.com/commands/T024BE7LD/7000000000001/aaaaaaaaaaaaaaaaaaaaaaaa"
FOLLOWED = ("discord", "slack")
OUTCOME = "Task tsk_1 (run) for <@U1> & co"


def opened(provider: str, **settings: JsonValue) -> FollowUpApi:
    opener = follow_up_opener(provider)
    assert opener is not None
    return opener(settings)


def slash_command(response_url: str) -> InboundRequest:
    body = {**sample("slack", "slash_command").body, "response_url": response_url}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return request_of("slack", headers, urlencode(body).encode())


def recorded(provider: str, name: str) -> InboundRequest:
    found = sample(provider, name)
    return request_of(provider, dict(found.headers), found.raw)


def interaction(**changes: JsonValue) -> InboundRequest:
    body = {**sample("discord", "application_command").body, **changes}
    return request_of("discord", {"Content-Type": "application/json"}, json.dumps(body).encode())


def test_those_that_show_an_answer_to_a_person_take_the_outcome() -> None:
    assert tuple(sorted(name for name in providers() if follow_up_opener(name))) == FOLLOWED


class TestSlack:
    def test_gets_the_outcome_at_the_url_of_the_command(self) -> None:
        request = opened("slack").request(slash_command(HOOK), OUTCOME)

        assert (request.method, request.url) == ("POST", HOOK)
        assert json.loads(request.body) == {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": "Task tsk_1 (run) for &lt;@U1&gt; &amp; co",
        }

    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("message_action", "app/T024BE7LD/7000000000002"),
            ("block_actions", "actions/T024BE7LD/7000000000004"),
            ("block_actions.static_select", "actions/T024BE7LD/7000000000007"),
            ("view_submission.conversation", "app/T024BE7LD/7000000000008"),
        ],
    )
    def test_gets_the_outcome_at_the_url_of_the_interaction(self, name: str, path: str) -> None:
        request = opened("slack").request(recorded("slack", name), OUTCOME)

        message = json.loads(request.body)
        assert request.url == f"https://hooks.slack.com/{path}/aaaaaaaaaaaaaaaaaaaaaaaa"
        assert (message["response_type"], message["replace_original"]) == ("ephemeral", False)
        assert message["text"].startswith("Task tsk_1 (run) for &lt;@U1&gt; &amp; co")

    @pytest.mark.parametrize(
        ("name", "link"),
        [
            ("message_action", "C2147483705/p1714636900000400"),
            ("block_actions", "C2147483705/p1714636990000700"),
        ],
    )
    def test_gets_the_link_to_the_message_of_the_interaction(self, name: str, link: str) -> None:
        request = opened("slack").request(recorded("slack", name), "No task")

        text = f"No task (<https://railway.slack.com/archives/{link}|message>)"
        assert json.loads(request.body)["text"] == text

    @pytest.mark.parametrize("name", ["shortcut", "view_submission"])
    def test_gets_nothing_without_a_url(self, name: str) -> None:
        with pytest.raises(SendRefused, match="has no response_url"):
            opened("slack").request(recorded("slack", name), OUTCOME)

    def test_of_the_government_is_another_host(self) -> None:
        url = HOOK.replace("slack.com", "slack-gov.com")

        assert opened("slack").request(slash_command(url), OUTCOME).url == url

    def test_in_a_test_is_where_the_settings_say(self) -> None:
        api = opened("slack", api_url="http://127.0.0.1:8000/api")

        request = api.request(slash_command("http://127.0.0.1:8000/hook"), OUTCOME)

        assert request.url == "http://127.0.0.1:8000/hook"

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "hooks.slack.com",
            "http://hooks.slack.com/commands/x",
            "https://hooks.slack.com.example.com/x",
            "https://hooks.slack.com:8443/x",
            "https://hooks.slack.com@example.com/x",
            "https://example.com/hooks.slack.com",
            "https://169.254.169.254/latest",
            "http://127.0.0.1:8000/hook",
        ],
    )
    def test_is_nowhere_else(self, url: str) -> None:
        with pytest.raises(SendRefused) as refused:
            opened("slack").request(slash_command(url), OUTCOME)

        assert "example" not in refused.value.reason


class TestDiscord:
    def test_gets_the_outcome_in_place_of_the_deferred_answer(self) -> None:
        received = interaction(application_id="42", token="aW50ZXI_-.x=")

        request = opened("discord").request(received, "Task *tsk_1*")

        assert request.method == "PATCH"
        assert request.url == (
            "https://discord.com/api/v10/webhooks/42/aW50ZXI_-.x=/messages/@original"
        )
        assert json.loads(request.body) == {
            "content": r"Task \*tsk\_1\*",
            "allowed_mentions": {"parse": []},
        }

    @pytest.mark.parametrize(
        "name",
        ["application_command", "application_command.message", "message_component", "modal_submit"],
    )
    def test_gets_the_outcome_of_each_kind_of_interaction(self, name: str) -> None:
        received = recorded("discord", name)

        parsed = providers()["discord"]().parse(received)
        request = opened("discord").request(received, OUTCOME)

        assert parsed.reply is not None
        assert parsed.deferred is not None
        assert json.loads(parsed.deferred.body or "") == {"type": 5, "data": {"flags": 64}}
        assert request.url.endswith("/messages/@original")
        assert "845027738276462632" in request.url

    @pytest.mark.parametrize("token", ["", "a/../../x", "a b", "?x", 7, None])
    def test_is_sent_nothing_with_an_odd_token(self, token: JsonValue) -> None:
        with pytest.raises(PayloadInvalid) as invalid:
            opened("discord").request(interaction(token=token), OUTCOME)

        assert "../" not in invalid.value.reason


@pytest.mark.parametrize(("provider", "name"), [("slack", "slash_command"), ("discord", "")])
def test_the_answer_says_that_the_outcome_follows(provider: str, name: str) -> None:
    recorded = sample(provider, name or "application_command")
    request = request_of(provider, dict(recorded.headers), recorded.raw)

    parsed = providers()[provider]().parse(request)

    assert parsed.reply is not None
    assert parsed.deferred is not None
    assert parsed.deferred.status == 200
    assert (
        json.loads(parsed.deferred.body or "")
        == {
            "slack": {"response_type": "ephemeral", "text": "Accepted. The result follows."},
            "discord": {"type": 5, "data": {"flags": 64}},
        }[provider]
    )


class TestSending:
    """What is made of responses, and of what goes wrong before one."""

    def send(
        self,
        *,
        answer: HttpResponse | Exception = HttpResponse(status=200),  # noqa: B008  it is frozen
        url: str = HOOK,
        after: timedelta = timedelta(0),
        api: FollowUpApi | Exception | None = None,
    ) -> list[HttpRequest]:
        sent: list[HttpRequest] = []
        clock = FakeClock()
        clock.advance(after)
        request = slash_command(url)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        delivery = a_deferred(provider="slack", received_at=NOW, headers=headers)

        def respond(request: HttpRequest) -> HttpResponse:
            sent.append(request)
            if isinstance(answer, Exception):
                raise answer
            return answer

        def open_api(_stored: StoredDelivery) -> FollowUpApi | None:
            if isinstance(api, Exception):
                raise api
            return api

        follow_up = HttpFollowUp(
            open_api=open_api, received=stored_request, send=respond, clock=clock
        )
        follow_up(
            StoredDelivery(delivery=delivery, body=request.body, duplicates=DuplicateCount()),
            OUTCOME,
        )
        return sent

    @pytest.mark.parametrize("status", [200, 204])
    def test_it_is_sent_once(self, status: int) -> None:
        assert len(self.send(answer=HttpResponse(status=status), api=opened("slack"))) == 1

    @pytest.mark.parametrize("status", [400, 401, 404, 410])
    def test_a_refusal_is_final(self, status: int) -> None:
        with pytest.raises(SendRefused, match=f"the provider answers {status}"):
            self.send(answer=HttpResponse(status=status), api=opened("slack"))

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_temporary_failure_can_be_repeated(self, status: int) -> None:
        with pytest.raises(SendDelayed, match=f"the provider answers {status}"):
            self.send(answer=HttpResponse(status=status), api=opened("slack"))

    def test_it_is_not_sent_after_the_time_in_which_it_is_taken(self) -> None:
        with pytest.raises(SendRefused, match="no message any more"):
            self.send(after=timedelta(minutes=30), api=opened("slack"))

    def test_it_is_refused_where_the_provider_takes_none(self) -> None:
        with pytest.raises(SendRefused, match="takes no message after its answer"):
            self.send(api=None)

    def test_it_is_refused_where_the_settings_of_the_source_are_odd(self) -> None:
        with pytest.raises(SendRefused, match="does not say where"):
            self.send(api=PayloadInvalid("odd"))

    def test_it_waits_where_the_configuration_does_not_answer(self) -> None:
        with pytest.raises(SendDelayed, match="the store"):
            self.send(api=Unavailable("the store did not answer"))

    def test_no_error_shows_where_it_is_sent_to(self) -> None:
        for trouble in (SendDelayed("no answer"), SendRefused("no TLS")):
            with pytest.raises((SendDelayed, SendRefused)) as error:
                self.send(answer=trouble, api=opened("slack"))
            assert "hooks.slack.com" not in f"{error.value!r} {error.value.__context__!r}"

        assert "hooks.slack.com" not in repr(replace(HttpRequest(url=HOOK), method="GET"))
