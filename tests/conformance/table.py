"""The conformance table: what a reverse proxy does, row by row."""

from typing import Final

from tests.conformance.field_rows import REQUEST_FIELDS
from tests.conformance.path_rows import METHODS, PATHS
from tests.conformance.response_rows import RESPONSES

TABLE: Final = (*PATHS, *METHODS, *REQUEST_FIELDS, *RESPONSES)
