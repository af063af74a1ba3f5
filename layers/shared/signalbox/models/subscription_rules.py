"""What a subscription says beyond its filters."""

from typing import Annotated

from pydantic import Field

ChangeExpression = Annotated[str, Field(min_length=1, max_length=400)]
"""A JMESPath expression over a change, as its CloudEvent has it."""
