import pytest

from signalbox.egress.task_place import (
    ActionUnfit,
    IssueRef,
    TaskPlace,
    TextRef,
    comment_at,
    issue_at,
    issue_named,
    task_place,
)
from signalbox.models.change import task_view
from tests.builders import a_task, an_origin

WEB = "https://github.com"
SHA = "0123456789abcdef0123456789abcdef01234567"


def place(**facts: object) -> TaskPlace:
    return task_place(task_view(a_task(**facts)), WEB, issue_at, comment_at)


@pytest.mark.parametrize(
    ("path", "number", "is_pull"),
    [
        ("issues/1", 1, False),
        ("issues/12#issuecomment-1", 12, False),
        ("pull/3", 3, True),
        ("pulls/3/files?w=1", 3, True),
    ],
)
def test_the_issue_of_a_task_is_in_its_url(path: str, number: int, is_pull: bool) -> None:  # noqa: FBT001  a parameter of the test
    issue = IssueRef(repository="octo/hello", number=number, is_pull=is_pull)

    assert place(url=f"{WEB}/octo/hello/{path}").issue == issue


@pytest.mark.parametrize(
    ("path", "event", "comment"),
    [
        ("issues/1#issuecomment-12", "issue_comment.created", "12"),
        ("pull/1?w=1#issuecomment-12", "issue_comment.created", "12"),
        ("issues/1#issuecomment-12", None, "12"),
        ("issues/1", "issues.opened", None),
        ("pull/1", "pull_request.opened", None),
    ],
)
def test_the_text_of_a_task_is_in_its_url(path: str, event: str, comment: str | None) -> None:
    found = place(url=f"{WEB}/octo/hello/{path}", origin=an_origin(event=event))

    assert found.text == TextRef(issue=found.require_issue(), comment=comment)


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("issues/1#issuecomment-", "issue_comment.created"),
        ("issues/1#issuecomment-123456789012345678901", "issue_comment.created"),
        ("issues/1#x-issuecomment-1", "issue_comment.created"),
        ("issues/1", "issue_comment.created"),
        ("pull/1", "pull_request_review_approved"),
        ("issues/1", None),
        ("tree/main#issuecomment-1", "push"),
    ],
)
def test_another_url_has_no_text(path: str, event: str) -> None:
    assert place(url=f"{WEB}/octo/hello/{path}", origin=an_origin(event=event)).text is None


@pytest.mark.parametrize(
    "path", ["", "issues", "issues/x", "issues/1x", "issues/12345678901", "commit/issues/1"]
)
def test_another_url_of_the_repository_has_no_issue(path: str) -> None:
    found = place(url=f"{WEB}/octo/hello/{path}")

    assert found.require_repository() == "octo/hello"
    with pytest.raises(ActionUnfit, match="no issue"):
        found.require_issue()


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("octo/hello", "https://github.com.evil.example/octo/hello/issues/1"),
        ("octo/hello", "https://evil.example/https://github.com/octo/hello/issues/1"),
        ("octo/hello", f"{WEB}/octo/hello-world/issues/1"),
        ("octo/hello", f"{WEB}/octo/other/issues/1"),
        ("octo/..", f"{WEB}/octo/../issues/1"),
        ("octo", f"{WEB}/octo/issues/1"),
        ("octo/a b", f"{WEB}/octo/a b/issues/1"),
        (None, f"{WEB}/octo/hello/issues/1"),
        ("octo/hello", None),
    ],
)
def test_a_url_elsewhere_is_no_place(repository: str | None, url: str | None) -> None:
    found = place(repository=repository, url=url)

    for require in (found.require_issue, found.require_repository):
        with pytest.raises(ActionUnfit, match=f"not from a repository at {WEB}"):
            require()


def test_names_of_repositories_have_no_case() -> None:
    assert place(url=f"{WEB}/Octo/Hello/issues/1").require_issue().repository == "octo/hello"


@pytest.mark.parametrize(
    ("commit", "kept"), [(SHA, SHA), ("main", None), (f"{SHA}/../x", None), (None, None)]
)
def test_a_commit_is_its_whole_id(commit: str | None, kept: str | None) -> None:
    assert place(commit=commit).commit == kept


def test_an_issue_has_a_name() -> None:
    assert issue_named("octo/hello#7") == IssueRef(repository="octo/hello", number=7)


@pytest.mark.parametrize("name", ["", "octo/hello", "hello#7", "a/b/c#7", "octo/..#7", "octo/x#7x"])
def test_another_text_is_not_the_name_of_an_issue(name: str) -> None:
    assert issue_named(name) is None
