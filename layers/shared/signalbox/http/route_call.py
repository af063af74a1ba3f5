"""The arguments of a route's function, from a request that keeps to its parameters and body.

Powertools computes them as well, for any request, by ten times as many calls. So it answers only
requests that are not usual: those with an error, and with a parameter that is repeated.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final

from aws_lambda_powertools.event_handler.openapi.compat import ModelField
from aws_lambda_powertools.event_handler.openapi.dependant import get_dependant
from aws_lambda_powertools.event_handler.openapi.params import Dependant

from signalbox.http.json_parser import parse_json
from signalbox.models.request import InboundRequest

_PARAMETER: Final = re.compile(r"<([a-z_]+)>")
_SEGMENT: Final = r"[-._~()'!*:@,;=+&$%<> \[\]{}|^\w]+"
"""What Powertools accepts as a parameter in a path."""

Arguments = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RouteCall:
    """How the function of a route is called: `template` is its path in OpenAPI's form."""

    path: str
    template: str
    view: Any
    printed: bool

    @cached_property
    def dependant(self) -> Dependant:
        """Return the parameters and the body, as Powertools knows them."""
        return get_dependant(path=self.template, call=self.view)

    @cached_property
    def query_names(self) -> frozenset[str]:
        """Return the names of the query parameters."""
        return frozenset(field.alias for field in self.dependant.query_params)

    def arguments(self, request: InboundRequest, query: Mapping[str, str]) -> Arguments | None:
        """Return the arguments, or None if the request is for Powertools to answer.

        A parameter that was not sent has none, so that the function's default applies.

        Raises:
            PayloadInvalid: The body cannot be parsed.
        """
        path = self._pattern.fullmatch(request.path)
        if path is None or any("," in value for value in query.values()):
            return None
        body = self._body_values(request)
        if body is None:
            return None
        arguments: Arguments = {}
        values: Iterator[tuple[ModelField, Any]] = chain(
            ((field, path[field.alias]) for field in self.dependant.path_params),
            ((field, query.get(field.alias)) for field in self.dependant.query_params),
            ((field, request.headers.get(name)) for name, field in self._headers),
            ((field, body.get(field.alias)) for field in self.dependant.body_params),
        )
        is_valid = all(_add_argument(arguments, field, value) for field, value in values)
        return arguments if is_valid else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = _PARAMETER.split(self.path)
        return re.compile(
            "".join(
                f"(?P<{part}>{_SEGMENT})" if number % 2 else re.escape(part)
                for number, part in enumerate(parts)
            )
        )

    @cached_property
    def _headers(self) -> list[tuple[str, ModelField]]:
        return [(field.alias.lower(), field) for field in self.dependant.header_params]

    def _body_values(self, request: InboundRequest) -> Mapping[str, Any] | None:
        """Return the body by the name of its parameter, None if it is no object."""
        if not self.dependant.body_params:
            return {}
        if not request.body or len(self.dependant.body_params) > 1:
            return None
        body = parse_json(request.body.decode(), printed=self.printed)
        return {self.dependant.body_params[0].alias: body} if isinstance(body, dict) else None


def _add_argument(arguments: Arguments, field: ModelField, value: object) -> bool:
    """Add the argument of a value; return whether the field has one or needs none."""
    if value is None:
        return not field.required
    arguments[field.name], errors = field.validate(value=value)
    return not errors
