"""What a person is shown when a local stack is up."""

from pydantic import BaseModel, ConfigDict


class BannerLine(BaseModel):
    """A line to show after `signalbox up`, such as an API key or a command to try."""

    model_config = ConfigDict(frozen=True)

    label: str
    text: str
