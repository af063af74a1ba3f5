"""What the template is told about this machine."""

import platform
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from cli.local.interpreter import base_python

_ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64", "amd64": "x86_64", "x86_64": "x86_64"}


class _Parameters(BaseModel):
    parameter_overrides: list[str] = []


class _Deploy(BaseModel):
    parameters: _Parameters = _Parameters()


class _Stage(BaseModel):
    deploy: _Deploy = _Deploy()


def python_runtime() -> str:
    """python3.11, say."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def machine_architecture() -> str:
    """Lambda's word for the processor."""
    return _ARCHITECTURES[platform.machine().lower()]


def stage_overrides(samconfig: Path, stage: str) -> list[str]:
    """Return the parameters that samconfig.toml says of a stage, NAME=VALUE each."""
    found = tomllib.loads(samconfig.read_text()).get(stage, {})
    return _Stage.model_validate(found).deploy.parameters.parameter_overrides


def stack_parameters(samconfig: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Return the local stage's parameters in samconfig.toml, this machine's, then `more`."""
    written = dict(pair.split("=", 1) for pair in stage_overrides(samconfig, "local"))
    machine = {"PythonRuntime": python_runtime(), "Architecture": machine_architecture()}
    return {**written, **machine, **more}


def build_variables(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return what layers/shared/Makefile must know, since SAM keeps the parameters from it."""
    return {
        "PYTHON_RUNTIME": parameters["PythonRuntime"],
        "ARCHITECTURE": parameters["Architecture"],
        "LOCAL_PYTHON": str(base_python()),
    }
