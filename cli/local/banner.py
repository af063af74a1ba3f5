"""What `signalbox up` shows when the stack is running."""

from pydantic import BaseModel, ConfigDict


class BannerLine(BaseModel):
    """A line of it, such as an API key or a command to try."""

    model_config = ConfigDict(frozen=True)

    label: str
    text: str
