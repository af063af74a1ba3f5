from signalbox.http.events import HttpApiEvent, to_request
from signalbox.models.ids import RequestId
from tests.functions.system import event


def test_a_request_has_its_query_as_it_was_sent() -> None:
    called = HttpApiEvent.model_validate(event("POST", "/hooks?b=2&a=%20&a=", {}, b"{}"))

    request = to_request(called, RequestId("req_one"), limit=100)

    assert (request.path, request.query) == ("/hooks", "b=2&a=%20&a=")
