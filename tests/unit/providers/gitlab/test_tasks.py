from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from signalbox.ingress.command_text import NO_TEXT
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author, Event
from signalbox.providers.gitlab.payload import Payload
from signalbox.providers.gitlab.tasks import event_of
from tests.samples import sample

_SHA = "4f1c2a9be07d35c8a6f0b1d2e3c4958677ab01cd"
_PAGE = "https://gitlab.example.org/rail/railway"


def event_in(name: str) -> Event:
    return event_from(name.partition(".")[0], sample("gitlab", name).body, type_=name)


def event_from(kind: str, payload: JsonValue, type_: str = "") -> Event:
    return event_of(kind, type_ or kind, Payload.model_validate(payload), NO_TEXT)


def changed(changes: JsonValue) -> tuple[str | None, tuple[str, ...]]:
    event = event_from("issue", {"object_attributes": {}, "changes": changes})
    return event.detail, event.counts_as


def test_an_issue_has_its_facts() -> None:
    assert event_in("issue.open") == Event(
        type="issue.open",
        title="Login fails behind the proxy",
        author=Author(name="jonas-lind"),
        occurred_at=datetime(2024, 5, 2, 8, 0, 5, tzinfo=UTC),
        repository="rail/railway",
        url=f"{_PAGE}/-/issues/42",
        labels=("bug",),
    )


@pytest.mark.parametrize("name", ["merge_request.open", "merge_request.approved"])
def test_a_merge_request_has_its_branch_and_commit(name: str) -> None:
    event = event_in(name)

    assert event.url == f"{_PAGE}/-/merge_requests/57"
    assert (event.branch, event.commit) == ("fix/login", _SHA)


@pytest.mark.parametrize(
    ("name", "detail", "title", "url", "commit"),
    [
        ("note.create", "issue", "Login fails behind the proxy", "/-/issues/42#note_9311", None),
        (
            "note.update",
            "merge_request",
            "Keep the session across the proxy",
            "/-/merge_requests/57#note_9320",
            _SHA,
        ),
        (
            "note.commit",
            "commit",
            "Keep the session across the proxy",
            f"/-/commit/{_SHA}#note_9330",
            _SHA,
        ),
    ],
)
def test_a_comment_has_the_facts_of_what_it_stands_under(
    name: str, detail: str, title: str, url: str, commit: str | None
) -> None:
    event = event_in(name)

    assert (event.detail, event.title) == (detail, title)
    assert (event.url, event.commit) == (f"{_PAGE}{url}", commit)


@pytest.mark.parametrize(
    ("payload", "detail", "title"),
    [
        ({"snippet": {"title": "A snippet"}}, "snippet", "A snippet"),
        ({}, None, "note"),
    ],
)
def test_a_comment_may_stand_under_a_snippet_or_something_unknown(
    payload: dict[str, JsonValue], detail: str | None, title: str
) -> None:
    event = event_from("note", {**payload, "object_attributes": {"id": 1}})

    assert (event.detail, event.title) == (detail, title)


@pytest.mark.parametrize(
    ("changes", "detail", "counts_as"),
    [
        (None, None, ()),
        ({"title": {"previous": "a", "current": "b"}}, None, ()),
        (
            {"labels": {"previous": [{"title": "bug"}], "current": [{"title": "agent"}]}},
            "label:agent",
            (),
        ),
        ({"labels": {"previous": [{"title": "bug"}], "current": []}}, None, ()),
        ({"labels": {"previous": None, "current": [None, {"title": None}]}}, None, ()),
        (
            {
                "labels": {"current": [{"title": "a"}, {"title": "b"}]},
                "assignees": {
                    "previous": [{"username": "ada"}],
                    "current": [{"username": "ada"}, {"username": "ben"}, {"username": None}],
                },
                "reviewers": {"current": [{"username": "cleo"}]},
            },
            "label:a",
            ("label:b", "assignee:ben", "reviewer:cleo"),
        ),
    ],
)
def test_the_details_of_an_update_are_what_it_added(
    changes: JsonValue, detail: str | None, counts_as: tuple[str, ...]
) -> None:
    assert changed(changes) == (detail, counts_as)


def test_a_push_is_described_by_its_newest_commit() -> None:
    event = event_in("push")

    assert event.title == "Keep the session across the proxy"
    assert (event.detail, event.branch, event.commit) == ("refs/heads/main", "main", _SHA)
    assert event.author == Author(name="mira-okafor")
    assert event.url == f"{_PAGE}/-/commit/{_SHA}"
    assert event.occurred_at == datetime(2024, 5, 2, 7, 58, 20, tzinfo=UTC)


def test_a_pushed_tag_has_the_commit_it_points_to() -> None:
    payload: dict[str, JsonValue] = {
        "ref": "refs/tags/v1",
        "after": "a" * 40,
        "checkout_sha": _SHA,
        "commits": [None],
    }

    event = event_from("tag_push", payload)

    assert (event.title, event.branch, event.commit) == ("refs/tags/v1 pushed", None, _SHA)


def test_a_deleted_branch_has_no_commit() -> None:
    event = event_from("push", {"ref": "refs/heads/old", "after": "0" * 40, "checkout_sha": None})

    assert (event.title, event.branch, event.commit) == ("refs/heads/old deleted", "old", None)


def test_a_pipeline_has_its_status_and_its_page() -> None:
    event = event_in("pipeline")

    assert event.title == "Build and test: Keep the session across the proxy"
    assert (event.detail, event.branch, event.commit) == ("failed", "main", _SHA)
    assert event.url == f"{_PAGE}/-/pipelines/512"


def test_a_pipeline_of_an_older_version_has_its_page_by_its_id() -> None:
    attributes: dict[str, JsonValue] = {"id": 5, "tag": True, "ref": "v1", "sha": _SHA}

    event = event_from("pipeline", {"object_attributes": attributes, "project": {"web_url": _PAGE}})

    assert (event.title, event.url) == ("Pipeline", f"{_PAGE}/-/pipelines/5")
    assert (event.branch, event.commit) == (None, _SHA)


def test_a_job_has_its_stage_and_its_status() -> None:
    event = event_in("build")

    assert (event.title, event.detail) == ("test: unit", "failed")
    assert (event.branch, event.commit) == ("main", _SHA)
    assert event.url == f"{_PAGE}/-/jobs/1977"


def test_a_job_of_a_tag_has_no_branch() -> None:
    event = event_from("build", {"ref": "v1", "tag": True})

    assert (event.title, event.branch, event.url) == ("build", None, None)


def test_a_release_has_its_name_and_tag_and_no_author() -> None:
    event = event_in("release.create")

    assert (event.title, event.detail) == ("1.4.0: winter timetable", "v1.4.0")
    assert (event.commit, event.author) == (_SHA, None)


def test_a_display_name_is_no_author() -> None:
    event = event_from("push", {"ref": "refs/heads/main", "user": {"name": "mira-okafor"}})

    assert event.author is None


@pytest.mark.parametrize("kind", ["issue", "merge_request", "note", "pipeline", "push"])
def test_an_event_without_the_part_it_is_about_is_refused(kind: str) -> None:
    with pytest.raises(PayloadInvalid, match="is missing"):
        event_from(kind, {})


def test_everything_is_bounded_and_stands_in_one_line() -> None:
    long = "x\n\u202e\x00" * 2_000
    event = event_from(
        "merge_request",
        {
            "object_attributes": {
                "title": long,
                "url": f"https://gitlab.example.org/{'a' * 3_000}",
                "source_branch": long,
                "last_commit": {"id": long},
                "labels": [{"title": long}, {"title": " "}, None] * 200,
            },
            "changes": {"labels": {"current": [{"title": long}] * 200}},
            "project": {"path_with_namespace": long},
            "user": {"username": long},
        },
    )

    assert event.author
    names = [event.detail, event.repository, event.branch, event.author.name, *event.labels]
    assert len(event.title) <= 200
    assert len(event.labels) == 100
    assert len(event.counts_as) < 100
    assert all(name and len(name) <= 255 for name in names)
    assert event.url is event.commit is None
