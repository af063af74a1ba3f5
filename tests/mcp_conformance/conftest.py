"""The official conformance tests of MCP, for `make test-mcp`; other runs collect nothing here."""

import os

SUITE = os.environ.get("SIGNALBOX_MCP_CONFORMANCE", "")
"""The directory in which npm has installed them."""

collect_ignore_glob = [] if SUITE else ["test_*.py"]
