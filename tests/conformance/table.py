"""The conformance table: what a reverse proxy does, row by row."""

from typing import Final

from tests.conformance.field_rows import FRAMING, REQUEST_FIELDS, SECURITY
from tests.conformance.middleware_rows import MIDDLEWARES
from tests.conformance.path_rows import METHODS, PATHS
from tests.conformance.response_rows import RESPONSE_FIELDS, RESPONSE_FRAMING, RESPONSES, STATUSES

TABLE: Final = (
    *PATHS,
    *METHODS,
    *REQUEST_FIELDS,
    *FRAMING,
    *SECURITY,
    *RESPONSES,
    *STATUSES,
    *RESPONSE_FRAMING,
    *RESPONSE_FIELDS,
    *MIDDLEWARES,
)
