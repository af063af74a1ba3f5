import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.sentry.commands import author_of, command_text
from signalbox.providers.sentry.payload import Actor, Payload

MIRA = {"type": "user", "id": 48213, "name": "Mira Okafor"}


def a_comment(
    action: str = "created", text: object = "/run", actor: object = MIRA, **data: object
) -> Payload:
    comment = {"comment": text, "comment_id": 7} | data
    return Payload.model_validate({"action": action, "actor": actor, "data": comment})


@pytest.mark.parametrize("action", ["created", "updated"])
def test_a_comment_is_a_text_of_its_actor_with_a_thread_that_an_edit_keeps(action: str) -> None:
    assert command_text("comment", a_comment(action)) == CommandText(
        text="/run", thread="comment:7", writer=Author(name="Mira Okafor")
    )


@pytest.mark.parametrize("action", ["deleted", "resolved"])
def test_a_comment_has_no_commands_when_anything_else_happens_to_it(action: str) -> None:
    assert command_text("comment", a_comment(action)) == NO_TEXT


@pytest.mark.parametrize("actor", [None, {}, {"name": ""}, {"name": 5, "type": []}, "Mira"])
def test_a_comment_of_nobody_has_no_commands(actor: object) -> None:
    assert command_text("comment", a_comment(actor=actor)) == NO_TEXT


def test_a_comment_without_text_is_empty() -> None:
    assert command_text("comment", a_comment(text=None)).text == ""


@pytest.mark.parametrize("action", ["created", "updated", "deleted"])
def test_a_comment_that_we_wrote_is_our_own(action: str) -> None:
    text = "Done. <!-- signalbox:task=tsk_1 -->\n/run"

    assert command_text("comment", a_comment(action, text)) == OWN_TEXT


def test_a_comment_without_an_id_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"^data\.comment_id is missing$"):
        command_text("comment", a_comment(comment_id=None))


@pytest.mark.parametrize("resource", ["issue", "event_alert", "metric_alert", "activity_alert"])
def test_only_comments_have_a_text(resource: str) -> None:
    assert command_text(resource, a_comment()) == NO_TEXT


def test_a_text_is_bounded() -> None:
    assert len(command_text("comment", a_comment(text="x" * 300_000)).text or "") == 262_144


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (None, None),
        (Actor(), None),
        (Actor(name=""), None),
        (Actor(name="Mira", type="user"), Author(name="Mira")),
        (Actor(name="", id=48213, type="user"), Author(name="48213")),
        (Actor(name="Mira", type="ROBOT"), Author(name="Mira")),
        (
            Actor(name="Sentry", id="sentry", type="application"),
            Author(name="Sentry", automated=True),
        ),
    ],
)
def test_an_application_is_a_bot_and_who_has_no_name_goes_by_the_id(
    actor: Actor | None, expected: Author | None
) -> None:
    assert author_of(actor) == expected
