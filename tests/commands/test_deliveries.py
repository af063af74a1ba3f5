import json

import pytest

from cli.webhooks.samples import load_sample, new_sample
from signalbox.providers.github.provider import GitHub
from tests.builders import SECRET, a_delivery
from tests.commands.conftest import CommandLine
from tests.commands.served import Served

NO_DELIVERY = f"dlv_{24 * 'a'}"


def sent(signalbox: CommandLine, text: str = "/agent fix the login") -> str:
    """The id of a webhook that has come."""
    result = signalbox("send", "github", "issue_comment", "--text", text, "--secret", SECRET)
    assert result.code == 0, result.err
    return next(word for word in result.out.split() if word.startswith("dlv_"))


def unread(served: Served) -> str:
    """The id of a delivery that nobody has read yet: what is in it is no task yet."""
    delivery = a_delivery()
    comment = new_sample(GitHub(), load_sample("github", "issue_comment"), "/agent fix the login")
    assert served.wiring.deliveries.create(delivery, json.dumps(comment.body).encode())
    return delivery.id


def test_a_list_is_narrowed_and_says_what_was_made(signalbox: CommandLine, served: Served) -> None:
    sent(signalbox)
    silent = sent(signalbox, "thank you")

    rows = json.loads(signalbox("deliveries", "list", "--status=ignored", "--json").out)
    table = signalbox("deliveries", "list", "--provider=github", "--since=2026-01-01").out

    assert [row["id"] for row in rows] == [silent]
    assert served.all()[0].id in table


def test_a_delivery_is_shown_with_its_body(signalbox: CommandLine) -> None:
    delivery = sent(signalbox, "/agent look here")

    whole = json.loads(signalbox("deliveries", "show", delivery, "--json").out)
    facts = signalbox("deliveries", "show", delivery).out

    assert "/agent look here" in whole["body"]["content"]
    assert "x-github-event: issue_comment" in facts
    assert "--json has all" in facts


def test_a_delivery_is_explained_by_either_id(signalbox: CommandLine) -> None:
    delivery = sent(signalbox)
    key = json.loads(signalbox("deliveries", "show", delivery, "--json").out)["key"]

    by_ours = json.loads(signalbox("deliveries", "explain", delivery, "--json").out)
    by_theirs = json.loads(signalbox("deliveries", "explain", key, "--json").out)
    table = signalbox("deliveries", "explain", key, "--provider=github", "--source=default").out

    assert by_ours == by_theirs
    assert "agent fix the login" in table


def test_a_replay_makes_what_is_not_there_and_a_dry_run_nothing(
    signalbox: CommandLine, served: Served
) -> None:
    delivery = unread(served)

    dry = signalbox("deliveries", "replay", delivery, "--dry-run")
    between = served.all()
    done = json.loads(signalbox("deliveries", "replay", delivery, "--json").out)

    assert "Would create" in dry.out
    assert between == []
    assert [task["id"] for task in done["created"]] == [task.id for task in served.all()]


def test_what_was_not_let_in_is_told(signalbox: CommandLine) -> None:
    signalbox("send", "github", "issue_comment", "--secret", "another one, long enough to be one")

    found = json.loads(signalbox("deliveries", "rejections", "--json").out)
    text = signalbox("deliveries", "rejections", "--provider=github").out

    assert found["items"][0]["counts"] == {"signature_invalid": 1}
    assert "github/default since" in text
    assert "401 signature_invalid" in text


@pytest.mark.parametrize("verb", ["show", "explain", "replay"])
@pytest.mark.parametrize("name", [NO_DELIVERY, "dlv_x/../y"])
def test_a_delivery_that_is_not_there_is_said_so(
    signalbox: CommandLine, verb: str, name: str
) -> None:
    result = signalbox("deliveries", verb, name)

    assert result.code == 1
    assert "404 not_found" in result.err


def test_a_verdict_that_is_none_is_refused(signalbox: CommandLine) -> None:
    result = signalbox("deliveries", "list", "--status=odd")

    assert result.code == 1
    assert "422 validation_failed" in result.err
    assert "status" in result.err
