"""What a function that receives webhooks does not load at its start."""

import json
import subprocess
import sys
from typing import Final

RARELY_NEEDED: Final = {
    *("jsonschema", "re2", "requests"),
    "signalbox.aws.digests",
    "signalbox.aws.held",
    "signalbox.aws.references",
    "signalbox.aws.targets",
    "signalbox.models.expressions",
    "signalbox.models.manifest",
    "signalbox.services.config.configure",
    "signalbox.services.config.refresh_networks",
    "signalbox.services.config.source_rules",
    "signalbox.services.deliveries.body_schema",
    "signalbox.services.deliveries.event_rules",
    "signalbox.services.notifications.digest",
    "signalbox.services.tasks.dispatch",
}
PROGRAM: Final = """
import json, sys
import signalbox.providers.github.provider, signalbox.runtime.webhook
print(json.dumps(sorted(sys.modules)))
"""


def test_what_few_deliveries_or_only_other_functions_need_is_not_loaded_at_the_start() -> None:
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True
    )

    loaded = set(json.loads(done.stdout))
    assert "signalbox.services.deliveries.interpret" in loaded
    assert loaded & RARELY_NEEDED == set()
