"""Who may give commands."""

from dataclasses import replace
from datetime import timedelta

import pytest

from signalbox.models.errors import DeliveryDeferred, SendDelayed, SendRefused, Unavailable
from signalbox.models.event import Author, Event
from signalbox.models.source import CommandPermission, Source
from signalbox.services.deliveries.permissions import LONGEST_CHECK, CheckPermission
from signalbox.services.ports.permissions import CachedPermission
from tests.builders import a_source
from tests.fakes.clock import FakeClock

SOURCE = a_source(permission=CommandPermission.REQUIRED)
ADA = Author(name="ada")
EVENT = Event(type="issue_comment.created", title="x", repository="octo-org/site", author=ADA)


class Api:
    """An API that answers so, and counts how often it is asked."""

    def __init__(self, *, answer: bool | Exception | None) -> None:
        self.answer = answer
        self.asked = 0

    def opened(self, _source: Source) -> "Api | None":
        return None if self.answer is None else self

    def __call__(self, _event: Event, _person: Author) -> bool:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return bool(self.answer)


def check(api: Api, clock: FakeClock | None = None) -> CheckPermission:
    return CheckPermission(open_permissions=api.opened, clock=clock or FakeClock())


def test_who_has_write_access_may_command() -> None:
    assert check(Api(answer=True))(SOURCE, EVENT, ADA) is None


def test_who_has_none_is_named_with_the_repository() -> None:
    assert check(Api(answer=False))(SOURCE, EVENT, ADA) == (
        "ada has no write access to octo-org/site"
    )


def test_where_nobody_can_be_asked_the_reason_says_what_to_set() -> None:
    reason = check(Api(answer=None))(SOURCE, EVENT, ADA)

    assert reason is not None
    assert "list `authors`" in reason
    assert "permission: off" in reason


@pytest.mark.parametrize(
    "error", [SendDelayed("no answer"), SendRefused("no answer"), Unavailable("no answer")]
)
def test_an_error_refuses_and_is_not_remembered(error: Exception) -> None:
    api = Api(answer=error)
    permission = check(api)

    assert permission(SOURCE, EVENT, ADA) == (
        "the permission of ada could not be checked: no answer"
    )
    api.answer = True
    assert permission(SOURCE, EVENT, ADA) is None


@pytest.mark.parametrize(("answer", "seconds"), [(True, 300), (False, 60)])
def test_an_answer_is_remembered_for_a_while(answer: bool, seconds: int) -> None:  # noqa: FBT001
    api, clock = Api(answer=answer), FakeClock()
    permission = check(api, clock)

    for _ in range(3):
        permission(SOURCE, EVENT, ADA)
    clock.advance(timedelta(seconds=seconds - 1))
    permission(SOURCE, EVENT, ADA)
    assert api.asked == 1

    clock.advance(timedelta(seconds=1))
    permission(SOURCE, EVENT, ADA)
    assert api.asked == 2


def test_each_person_and_repository_is_asked_for() -> None:
    api = Api(answer=True)
    permission = check(api)
    elsewhere = Event(type="push", title="x", repository="octo-org/other")

    permission(SOURCE, EVENT, ADA)
    permission(SOURCE, EVENT, Author(name="bob"))
    permission(SOURCE, elsewhere, ADA)

    assert api.asked == 3


class TestWithLittleTime:
    """A caller that must answer soon."""

    def test_a_delivery_is_deferred_without_a_call_of_the_provider(self) -> None:
        api = Api(answer=True)

        with pytest.raises(DeliveryDeferred, match="no time to ask the provider"):
            check(api).within(lambda: LONGEST_CHECK - 1)(SOURCE, EVENT, ADA)

        assert api.asked == 0

    def test_the_provider_is_asked_if_there_is_time(self) -> None:
        assert check(Api(answer=True)).within(lambda: LONGEST_CHECK)(SOURCE, EVENT, ADA) is None

    def test_a_cached_answer_is_used_at_once(self) -> None:
        api = Api(answer=False)
        permission = check(api)
        permission(SOURCE, EVENT, ADA)

        reason = permission.within(lambda: 0)(SOURCE, EVENT, ADA)

        assert reason == "ada has no write access to octo-org/site"
        assert api.asked == 1

    def test_nobody_is_waited_for_where_nobody_can_be_asked(self) -> None:
        reason = check(Api(answer=None)).within(lambda: 0)(SOURCE, EVENT, ADA)

        assert reason is not None
        assert "list `authors`" in reason

    @pytest.mark.parametrize("error", [SendDelayed("no answer"), Unavailable("no answer")])
    def test_a_provider_that_does_not_answer_now_defers_the_delivery(
        self, error: Exception
    ) -> None:
        with pytest.raises(DeliveryDeferred, match="could not be checked: no answer"):
            check(Api(answer=error)).within(lambda: 60)(SOURCE, EVENT, ADA)

    def test_a_provider_that_refuses_to_answer_is_a_reason(self) -> None:
        permission = check(Api(answer=SendRefused("no token"))).within(lambda: 60)

        assert permission(SOURCE, EVENT, ADA) == (
            "the permission of ada could not be checked: no token"
        )

    def test_what_another_function_was_answered_is_used_until_it_expires(self) -> None:
        shared: dict[tuple[str, ...], CachedPermission] = {}
        clock, api = FakeClock(), Api(answer=True)
        asking = replace(check(api, clock), remember=shared.__setitem__)
        asking(SOURCE, EVENT, ADA)
        recalling = replace(check(api, clock), recall=shared.get)

        reason = recalling.within(lambda: 0)(SOURCE, EVENT, ADA)
        clock.advance(timedelta(minutes=5))

        assert reason is None
        assert api.asked == 1
        with pytest.raises(DeliveryDeferred):
            recalling.within(lambda: 0)(SOURCE, EVENT, ADA)

    def test_a_store_of_answers_that_is_down_only_defers_the_delivery(self) -> None:
        def recall(_key: tuple[str, ...]) -> CachedPermission | None:
            raise Unavailable("the store did not answer")

        permission = replace(check(Api(answer=True)), recall=recall)

        with pytest.raises(DeliveryDeferred):
            permission.within(lambda: 0)(SOURCE, EVENT, ADA)
