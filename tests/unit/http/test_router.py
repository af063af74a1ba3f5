"""Routers of one process, of which a server has several."""

from signalbox.http.api import router
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.functions.system import event


def test_a_router_keeps_its_event_while_another_one_answers() -> None:
    one, other = router(), router()
    context = FakeContext(FakeClock())
    seen = []

    @other.get("/other")
    def of_other() -> dict[str, str]:
        return {}

    @one.get("/one")
    def of_one() -> dict[str, str]:
        other.resolve(event("GET", "/other", {}, b""), context)
        seen.append(one.current_event.path)
        return {}

    one.append_context(call=None)
    one.resolve(event("GET", "/one", {}, b""), context)

    assert seen == ["/one"]
