import pytest

from signalbox.egress.forge_answers import comments_in, created_id, head_sha, marked_comment
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.task_place import ActionUnfit
from signalbox.models.errors import SendDelayed

SHA = "0123456789abcdef0123456789abcdef01234567"


def an_answer(body: str) -> HttpResponse:
    return HttpResponse(status=201, body=body.encode())


def test_what_was_created_has_an_id() -> None:
    assert created_id(an_answer('{"id": 7, "body": null}'), "GitHub") == "7"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"id": 0}', '{"id": "../7"}'])
def test_an_answer_without_an_id_may_be_a_comment_all_the_same(body: str) -> None:
    with pytest.raises(SendDelayed, match="GitHub answered 201 without an id"):
        created_id(an_answer(body), "GitHub")


def test_a_comment_is_ours_if_it_starts_with_the_marker() -> None:
    body = '[{"id": 1, "body": null}, {"id": 2, "body": "x <m>"}, {"id": 3, "body": "<m> x"}]'

    assert marked_comment(comments_in(an_answer(body)), "<m>") == "3"


@pytest.mark.parametrize("body", ["", '[{"id": 1, "body": "<m> cut', '{"message": "no"}'])
def test_a_list_that_was_cut_has_no_comments(body: str) -> None:
    assert comments_in(an_answer(body)) == ()
    assert marked_comment((), "<m>") is None


@pytest.mark.parametrize("body", [f'{{"head": {{"sha": "{SHA}"}}}}', f'{{"sha": "{SHA}"}}'])
def test_a_pull_request_has_a_head(body: str) -> None:
    assert head_sha(an_answer(body)) == SHA


@pytest.mark.parametrize("body", ["", "{}", '{"head": null}', '{"sha": "main"}'])
def test_a_pull_request_may_have_no_commit(body: str) -> None:
    with pytest.raises(ActionUnfit, match="no commit"):
        head_sha(an_answer(body))
