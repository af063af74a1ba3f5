import json

import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.discord.payload import (
    CommandData,
    Interaction,
    Member,
    Message,
    Resolved,
    User,
)
from signalbox.providers.discord.provider import Discord
from tests.samples import request_of

_ADA = User(id="7", username="ada")


def refusal(body: JsonValue) -> str:
    with pytest.raises(PayloadInvalid) as refused:
        Discord().parse(request_of("discord", {}, json.dumps(body).encode()))
    return refused.value.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "type: Field required"),
        ({"type": None}, "type: Input should be a valid integer"),
        ({"type": True}, "type: Input should be a valid integer"),
        ({"type": "2"}, "type: Input should be a valid integer"),
        ({"type": -1}, "type: Input should be greater than or equal to 0"),
        ({"type": 10**400}, "type: "),
        ({"type": 2}, "data is missing"),
        ({"type": 2, "data": {}}, "name: Field required"),
        (
            {"type": 2, "data": {"name": "run", "type": "1"}},
            "type: Input should be a valid integer",
        ),
        ({"type": 2, "data": {"name": "run", "options": [7]}}, "options.0: Input should be a"),
        (
            {"type": 2, "data": {"name": "run", "options": [{"name": "a", "value": []}]}},
            "options.0.value.str: Input should be a valid string",
        ),
        ({"type": 2, "data": {"name": "run"}, "user": {"id": 7}}, "user.id: Input should be a"),
        ({"type": 2, "data": {"name": "run"}, "user": {"id": "x"}}, "user.id: String should match"),
        ({"type": 3, "data": {}}, "custom_id: Field required"),
        ({"type": 5, "data": []}, "the body: Input should be a valid dictionary"),
        ({"type": 1, "event": []}, "the body: Input should be a valid dictionary"),
        ({"type": 1, "event": {"type": "a b"}}, "type: String should match pattern"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(body: JsonValue, reason: str) -> None:
    assert refusal(body).startswith(reason)


@pytest.mark.parametrize("odd", [7, [], {}, "x", True, None])
def test_what_only_informs_may_be_of_any_type(odd: JsonValue) -> None:
    interaction = Interaction.model_validate({"id": odd, "guild_id": odd, "channel_id": odd})

    assert interaction == Interaction()


@pytest.mark.parametrize(
    ("member", "user", "sender"),
    [
        (Member(user=_ADA), None, _ADA),
        (None, _ADA, _ADA),
        (Member(), _ADA, _ADA),
        (None, None, None),
    ],
)
def test_the_sender_is_the_member_of_a_server_or_the_user(
    member: Member | None, user: User | None, sender: User | None
) -> None:
    assert Interaction(member=member, user=user).sender == sender


@pytest.mark.parametrize(
    ("target", "resolved", "found"),
    [
        ("1", Resolved(messages={"1": Message(content="x")}), Message(content="x")),
        ("2", Resolved(messages={"1": Message(content="x")}), None),
        ("1", Resolved(messages={"1": None}), None),
        ("1", Resolved(), None),
        ("1", None, None),
        (None, Resolved(messages={"1": Message(content="x")}), None),
    ],
)
def test_the_target_is_the_message_that_the_command_refers_to(
    target: str | None, resolved: Resolved | None, found: Message | None
) -> None:
    assert CommandData(name="Agent", type=3, target_id=target, resolved=resolved).target == found
