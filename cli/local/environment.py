"""The environment of the local cloud, its functions and SAM.

Only the variables listed here are passed on: a profile, a region or a log level in the user's shell
must have no effect.
"""

import os
from collections.abc import Mapping

from cli.local.options import HOST, REGION

_ALLOWED = (
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "TERM",
    "TZ",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
)


def clean_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the allowed variables, dummy credentials, and `more`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _ALLOWED or name.startswith("UV_")
    }
    return {
        **kept,
        "NO_PROXY": f"{HOST},localhost",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }
