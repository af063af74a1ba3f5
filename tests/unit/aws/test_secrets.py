"""What the threads of one process share of the parameter store."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import cast

import pytest

from signalbox.aws.errors import AwsUnreachable
from signalbox.aws.protocols import SsmApi
from signalbox.aws.secrets import SsmSecrets
from signalbox.models.errors import Unavailable
from signalbox.services.ports.time import utc_now

NAME = "connections/team"


class SlowParameters:
    """Answers so late that all threads ask meanwhile, or not at all."""

    def __init__(self, value: str | None) -> None:
        self._value = value
        self.calls = 0

    def get_parameter(self, **request: object) -> object:
        self.calls += 1
        sleep(0.05)
        if self._value is None:
            raise AwsUnreachable("no connection")
        return {"Parameter": {"Value": self._value}}


def store_of(parameters: SlowParameters) -> SsmSecrets:
    return SsmSecrets(ssm=cast("SsmApi", parameters), prefix="/signalbox/test", clock=utc_now)


@pytest.mark.parametrize("way", ["secrets", "refresh"])
def test_threads_that_need_a_secret_at_once_share_one_call(way: str) -> None:
    parameters = SlowParameters('["s3cret"]')
    store = store_of(parameters)

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: getattr(store, way)(NAME), range(10)))

    assert found == [("s3cret",)] * 10
    assert parameters.calls == 1


def test_threads_that_wait_for_a_call_that_fails_do_not_call_one_after_the_other() -> None:
    parameters = SlowParameters(None)
    store = store_of(parameters)

    def ask(_: int) -> Sequence[str] | Unavailable:
        try:
            return store.secrets(NAME)
        except Unavailable as unavailable:
            return unavailable

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert parameters.calls < 10
