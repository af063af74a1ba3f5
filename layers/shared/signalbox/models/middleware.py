"""A middleware in the list of a service, as operators write it."""

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from signalbox.models.base import JsonObject, Model

MiddlewareName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""The name of the module of a middleware."""


HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$")]
"""The name of a header."""


class MiddlewareSpec(Model):
    """A middleware: `use` is its name, every other key one of its options.

    The options are those that the middleware declares; they are checked when the service is
    written.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    use: MiddlewareName

    @property
    def options(self) -> JsonObject:
        """Return the options."""
        return dict(self.__pydantic_extra__)


class MiddlewareOptions(Model):
    """The base of the options of a middleware: strict, and without unknown keys."""
