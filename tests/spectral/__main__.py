"""Writes the description of the API to standard output, as it is served."""

import sys

from tests.functions.system import running

with running() as system:
    system.api.logger.setLevel("CRITICAL")
    sys.stdout.write(system.ask("GET", "/openapi.json").text)
