"""What the threads of one process share of the parameter store."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import cast

import pytest
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.base import BaseProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from typing_extensions import override

from signalbox.aws.secrets import SsmSecrets
from signalbox.models.errors import Unavailable
from signalbox.services.ports.time import utc_now

NAME = "connections/team"


class SlowProvider(BaseProvider):
    """Answers so late that all threads ask meanwhile, or not at all."""

    def __init__(self, value: str | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._value = value
        self.calls = 0

    @override
    def _get(self, name: str, **options: object) -> str:
        self.calls += 1
        sleep(0.05)
        if self._value is None:
            raise GetParameterError(name)
        return self._value

    @override
    def _get_multiple(self, path: str, **options: object) -> dict[str, str]:
        raise NotImplementedError


def store_of(provider: SlowProvider) -> SsmSecrets:
    return SsmSecrets(
        provider=cast("SSMProvider", provider), prefix="/signalbox/test", clock=utc_now
    )


@pytest.mark.parametrize("way", ["secrets", "refresh"])
def test_threads_that_need_a_secret_at_once_share_one_call(way: str) -> None:
    provider = SlowProvider('["s3cret"]')
    store = store_of(provider)

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: getattr(store, way)(NAME), range(10)))

    assert found == [("s3cret",)] * 10
    assert provider.calls == 1


def test_threads_that_wait_for_a_call_that_fails_do_not_call_one_after_the_other() -> None:
    provider = SlowProvider(None)
    store = store_of(provider)

    def ask(_: int) -> Sequence[str] | Unavailable:
        try:
            return store.secrets(NAME)
        except Unavailable as unavailable:
            return unavailable

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(ask, range(10)))

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert provider.calls < 10
