import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.pagerduty.commands import author_of, command_text
from signalbox.providers.pagerduty.payload import Reference, WebhookEvent

MIRA = {"type": "user_reference", "summary": "Mira Okafor"}


def a_note(
    content: object = "/run",
    *,
    agent: object = MIRA,
    note: object = "P2LA89X",
    type_: str = "incident.annotated",
) -> WebhookEvent:
    data = {"id": note, "content": content, "type": "incident_note"}
    return WebhookEvent.model_validate({"event_type": type_, "agent": agent, "data": data})


def test_a_note_is_a_text_of_its_agent() -> None:
    assert command_text(a_note()) == CommandText(
        text="/run", thread="note:P2LA89X", writer=Author(name="Mira Okafor")
    )


def test_a_note_of_an_integration_is_that_of_a_bot() -> None:
    agent = {"type": "service_reference", "summary": "Timetable API"}

    assert command_text(a_note(agent=agent)).writer == Author(name="Timetable API", automated=True)


@pytest.mark.parametrize("agent", [None, {}, {"summary": ""}, {"summary": 5}, "Mira"])
def test_a_note_of_nobody_has_no_commands(agent: object) -> None:
    assert command_text(a_note(agent=agent)) == NO_TEXT


def test_a_note_without_text_is_empty() -> None:
    assert command_text(a_note(None)).text == ""


def test_a_note_that_we_wrote_is_our_own() -> None:
    assert command_text(a_note("Done. <!-- signalbox:task=tsk_1 -->\n/run")) == OWN_TEXT


def test_a_note_without_an_id_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"^event\.data\.id is missing$"):
        command_text(a_note(note=None))


@pytest.mark.parametrize(
    "type_", ["incident.triggered", "incident.status_update_published", "incident.responder.added"]
)
def test_only_notes_have_a_text(type_: str) -> None:
    assert command_text(a_note(type_=type_)) == NO_TEXT


def test_a_text_is_bounded() -> None:
    assert len(command_text(a_note("x" * 300_000)).text or "") == 262_144


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (None, None),
        (Reference(), None),
        (Reference(summary="Mira", type="user_reference"), Author(name="Mira")),
        (Reference(summary="Mira"), Author(name="Mira", automated=True)),
        (Reference(summary="API", type="service_reference"), Author(name="API", automated=True)),
    ],
)
def test_whoever_is_no_user_is_a_bot(agent: Reference | None, expected: Author | None) -> None:
    assert author_of(agent) == expected
