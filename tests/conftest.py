"""What every test may rely on."""

import pytest

for _contract in ("tasks", "stores", "settings", "queues", "connectors", "providers"):
    pytest.register_assert_rewrite(f"tests.contract.{_contract}")
