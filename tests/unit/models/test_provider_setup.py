import pytest

from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.provider_setup import ProviderSetup

EVENTS: EventVocabulary = {
    "comment.created": None,
    "comment.deleted": None,
    "run.completed": frozenset({"failure", "success"}),
    "push": None,
}
SETUP = ProviderSetup(
    steps=("{url} {secret}", "tick {events}", "for {source}, keep {braces}"),
    command_events=frozenset({"comment"}),
    choices={"comment": "Comments", "run.completed": "Finished runs"},
)


@pytest.mark.parametrize(
    ("patterns", "selected"),
    [
        ((), ["comment.created", "comment.deleted"]),
        (("push:refs/heads/main",), ["comment.created", "comment.deleted", "push"]),
        (("RUN.*:failure",), ["comment.created", "comment.deleted", "run.completed"]),
        (("*",), list(EVENTS)),
        (("nothing",), ["comment.created", "comment.deleted"]),
    ],
)
def test_the_events_are_those_with_commands_and_those_of_the_patterns(
    patterns: tuple[str, ...], selected: list[str]
) -> None:
    assert list(SETUP.selected_events(EVENTS, patterns)) == selected


def test_a_single_event_of_a_family_may_be_the_one_with_commands() -> None:
    setup = ProviderSetup(steps=(), command_events=frozenset({"comment.created"}))

    assert setup.selected_events(EVENTS, ()) == ("comment.created",)


def test_each_choice_is_named_once_as_the_service_calls_it() -> None:
    assert SETUP.choices_of(tuple(EVENTS)) == ("Comments", "Finished runs", "push")


def test_the_steps_have_the_values_and_keep_other_braces() -> None:
    steps = SETUP.instructions(
        url="https://a", secret="{url}", events=["comment.created"], source="acme/ci"
    )

    assert steps == ("https://a {url}", "tick Comments", "for acme/ci, keep {braces}")


def test_without_an_event_the_step_names_where_events_are_selected() -> None:
    _, step, _ = SETUP.instructions(url="https://a", secret="s", events=[], source="acme/ci")

    assert step == "tick those that the source selects by its `events`, none so far"
