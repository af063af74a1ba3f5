"""The settings of one function, from its environment. This is the only place that reads it."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """`SIGNALBOX_<NAME>` for each name; template.yaml sets them all."""

    model_config = SettingsConfigDict(env_prefix="SIGNALBOX_", frozen=True, extra="ignore")

    stack: str
    key_environment: str
    max_body_bytes: int = Field(ge=1)
    task_retention_hours: int = Field(ge=0)
    trusted_origins: Annotated[frozenset[str], NoDecode] = frozenset()

    tasks_table: str
    deliveries_table: str
    config_table: str
    state_table: str
    bodies_bucket: str

    queue_high: str
    queue_normal: str
    queue_low: str
    queue_high_dead_letters: str
    queue_normal_dead_letters: str
    queue_low_dead_letters: str
    connector_queue_slack: str

    @field_validator("trusted_origins", mode="before")
    @classmethod
    def _split(cls, value: str) -> frozenset[str]:
        return frozenset(origin.strip() for origin in value.split(",") if origin.strip())

    @property
    def retention(self) -> timedelta:
        """How long a finished task is kept, nothing for ever."""
        return timedelta(hours=self.task_retention_hours)

    @property
    def parameters(self) -> str:
        """What the name of every parameter begins with."""
        return f"/signalbox/{self.stack}"
