"""What every test may rely on."""

import pytest

for _contract in (
    "tasks",
    "logs",
    "stores",
    "settings",
    "queues",
    "connectors",
    "providers",
    "guards",
):
    pytest.register_assert_rewrite(f"tests.contract.{_contract}")
