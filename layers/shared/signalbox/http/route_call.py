"""The arguments of a route's function, from a request that keeps to its parameters and body.

Powertools computes them as well, for any request, by ten times as many calls. So it answers only
requests that are not usual: those with an error, and with a parameter that is repeated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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
_Parameters = list[tuple[str, ModelField]]
"""Parameters by the names that they have in a request."""


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
        sources = (path.groupdict(), query, request.headers, body)
        for values, parameters in zip(sources, self._parameters, strict=True):
            for name, field in parameters:
                value = values.get(name)
                if value is not None:
                    arguments[field.name], errors = field.validate(value=value)
                    if errors:
                        return None
                elif field.required:
                    return None
        return arguments

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
    def _parameters(self) -> tuple[_Parameters, _Parameters, _Parameters, _Parameters]:
        """Return the parameters in the path, in the query and in headers, and the body."""
        known = self.dependant
        return (
            [(field.alias, field) for field in known.path_params],
            [(field.alias, field) for field in known.query_params],
            [(field.alias.lower(), field) for field in known.header_params],
            [(field.alias, field) for field in known.body_params],
        )

    def _body_values(self, request: InboundRequest) -> Mapping[str, Any] | None:
        """Return the body by the name of its parameter, None if it is no object."""
        if not self.dependant.body_params:
            return {}
        if not request.body or len(self.dependant.body_params) > 1:
            return None
        body = parse_json(request.body.decode(), printed=self.printed)
        return {self.dependant.body_params[0].alias: body} if isinstance(body, dict) else None
