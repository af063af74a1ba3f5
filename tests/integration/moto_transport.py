"""The transport's way into moto, which by itself stands before botocore only."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import BotoCoreError
from moto.core.models import botocore_stubber

from signalbox.aws.errors import AwsUnreachable
from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.http_response import AwsResponse
from signalbox.aws.transport.json_caller import JsonCaller


@contextmanager
def transport_to_moto() -> Iterator[None]:
    """Hand the requests of the transport to moto, and repeat them without a pause."""
    defaults = JsonCaller.__init__.__kwdefaults__
    with (
        patch.object(HttpPool, "post", _post),
        patch.dict(defaults, sleep=lambda _: None),
    ):
        yield


_send = HttpPool.post


def _post(
    pool: HttpPool,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str = "POST",
    path: str | None = None,
) -> AwsResponse:
    """Answer as the pool does. Coverage traces nothing of it: most is in moto.

    Frames to WebSocket connections, which have a path, are none of moto's.
    """
    if path is not None:
        return _send(pool, headers, body, method=method, path=path)
    given = HTTPHeaders()
    for name, value in headers.items():
        given[name] = value
    url = f"https://{pool.endpoint.authority}{pool.endpoint.path}"
    request = AWSPreparedRequest("POST", url, given, body, stream_output=False)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        response = botocore_stubber("before-send", request)
    except BotoCoreError as error:
        raise AwsUnreachable(str(error)) from error
    finally:
        sys.settrace(tracer)
    assert response is not None, "moto is not active"
    names = {name.lower(): str(value) for name, value in response.headers.items()}
    return AwsResponse(status=response.status_code, headers=names, content=response.content)
