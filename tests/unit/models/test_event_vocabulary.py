import pytest

from signalbox.models.event_vocabulary import EventVocabulary, matches_event, suggest

EVENTS: EventVocabulary = {
    "push": None,
    "issues.labeled": None,
    "workflow_run.completed": frozenset({"failure", "success"}),
}
MIXED_CASE: EventVocabulary = {"updateCard.list": None, "createCard": frozenset({"To Do"})}


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "push",
        "PUSH",
        "push:refs/heads/*",
        "issues.*",
        "issues.labeled:needs *",
        "*:agent",
        "*led:agent",
        "workflow_run.completed:failure",
        "workflow_run.*:fail*",
        "*:success",
        "w*",
    ],
)
def test_a_pattern_that_something_fits(pattern: str) -> None:
    assert matches_event(pattern, EVENTS)


@pytest.mark.parametrize(
    "pattern",
    [
        "pushed",
        "issues",
        "issues.labelled",
        "workflow_run.complted:failure",
        "workflow_run.completed:failed",
        "workflow_run.completed:*x",
        "[p]ush",
        "pus?",
        "",
    ],
)
def test_a_pattern_that_nothing_fits(pattern: str) -> None:
    assert not matches_event(pattern, EVENTS)


@pytest.mark.parametrize(
    ("word", "response"),
    [
        ("workflow_run.complted", 'did you mean "workflow_run.completed"? allowed: '),
        ("Pusch", 'did you mean "push"? allowed: issues.labeled, push, workflow_run.completed'),
        ("zzz", "allowed: issues.labeled, push, workflow_run.completed"),
    ],
)
def test_the_closest_word_is_suggested(word: str, response: str) -> None:
    assert suggest(word, EVENTS).startswith(response)


def test_a_long_list_is_cut() -> None:
    assert suggest("zzz", map(str, range(100, 200))).endswith("110, 111, …")


@pytest.mark.parametrize("pattern", ["updateCard.list:Doing", "UPDATECARD.*", "createcard:to do"])
def test_the_case_of_events_is_ignored(pattern: str) -> None:
    assert matches_event(pattern, MIXED_CASE)
