import json

import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.bitbucket.payload import Link, Linked, Links, Payload
from signalbox.providers.bitbucket.payload import read as payload_of
from tests.samples import request_of


def read(document: JsonValue) -> Payload:
    return payload_of(request_of("bitbucket", {}, json.dumps(document).encode()))


def test_what_is_not_named_is_ignored_and_what_is_named_may_be_missing_or_null() -> None:
    assert read({"unheard_of": [1]}) == read(dict.fromkeys(Payload.model_fields)) == Payload()


@pytest.mark.parametrize(
    "odd",
    [
        {"repository": "rail/railway"},
        {"pullrequest": {"id": 1, "title": 1, "source": "main", "links": [], "updated_on": "x"}},
        {"issue": {"id": 1, "assignee": 1, "kind": [], "created_on": True}},
        {"comment": {"id": 1, "links": {"html": "x"}}},
        {"commit": 1, "changes": {"assignee": {"new": "ada"}}},
        {"push": {"changes": [None, {"new": {"target": 1, "name": 1}, "links": {"html": 1}}]}},
        {"commit_status": {"state": 1, "commit": "x", "updated_on": []}},
    ],
)
def test_a_part_that_only_informs_may_be_odd(odd: JsonValue) -> None:
    assert isinstance(read(odd), Payload)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"comment": {}}, "comment.id: Field required"),
        ({"comment": {"id": 1, "content": {"raw": 1}}}, "comment.content.raw: Input should be"),
        ({"pullrequest": {"id": "x"}}, "pullrequest.id: Input should be a valid integer"),
        ({"pullrequest": {"id": 1, "description": {}}}, "pullrequest.description: Input should be"),
        ({"actor": {"account_id": 1}}, "actor.account_id: Input should be a valid string"),
        ({"push": {"changes": {}}}, "push.changes: Input should be a valid tuple"),
        ([], "the body: Input should be a valid dictionary"),
    ],
)
def test_the_reason_says_where_the_payload_is_wrong(document: JsonValue, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read(document)

    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("links", "page"),
    [
        (Links(html=Link(href="https://bitbucket.org/a")), "https://bitbucket.org/a"),
        (Links(html=Link()), None),
        (Links(), None),
        (None, None),
    ],
)
def test_a_page_is_the_link_for_browsers(links: Links | None, page: str | None) -> None:
    assert Linked(links=links).page == page
