"""The budgets that do not depend on the machine, kept in every run of the tests."""

import pytest

from tests.bench import figures
from tests.integration.aws import deployed


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with deployed() as stack:
        variables = stack.environment("ApiFunction")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_a_webhook_costs_one_call_for_its_task_and_one_for_its_delivery() -> None:
    table = figures.operations(5)

    assert table.missed == 0, table.rows


def test_a_page_of_a_list_costs_the_same_however_long_the_list_is() -> None:
    table = figures.lists()

    assert table.missed == 0, table.rows
