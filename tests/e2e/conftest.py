"""The template, built by SAM and deployed to the local cloud, once for all tests.

The cloud refuses what a function's role does not allow, so every test is one of permissions too.
"""

from collections.abc import Iterator

import pytest

from cli.local.instance import LocalInstance, exclusive, publish
from cli.local.options import isolated_options
from cli.local.stack import LocalStack
from cli.stack import describe_stack
from signalbox.auth.api_keys import new_key
from signalbox.models.connection import Connection
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.subscription import Subscription
from signalbox.services.ports.time import utc_now
from tests.builders import a_source
from tests.e2e.installation import SECRET, Installation


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    options = isolated_options(tmp_path_factory.mktemp("stack"), enforce_iam=True)
    with exclusive(options.home), LocalStack(options=options) as local:
        deployed = local.deploy()
        stack = describe_stack(
            deployed.session,
            deployed.name,
            endpoint_url=deployed.endpoint_url,
            base_url=deployed.base_url,
        )
        key = new_key(
            "test", name="e2e", roles=("admin",), scopes=(), created_by="e2e", now=utc_now()
        )
        stack.keys.put(key.stored)
        stack.secrets.put("sources/github/default", [SECRET])
        stack.secrets.put("connections/team", [f"{deployed.echo_url}/services/T0/B0/e2e"])
        stack.config.put(a_source())
        stack.config.put(Connection(id=ConnectionId("team"), connector="slack"))
        stack.config.put(Subscription(id=SubscriptionId("team"), connection=ConnectionId("team")))
        publish(options.home, LocalInstance.of(options))
        yield Installation(
            base_url=deployed.base_url,
            echo_url=deployed.echo_url,
            home=options.home,
            key=key.text,
            inbox=local.inbox,
        )
