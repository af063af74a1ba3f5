"""The parameters of the template on this machine."""

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
    """Return the runtime of this interpreter, such as python3.11."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def machine_architecture() -> str:
    """Return Lambda's name of this processor architecture."""
    return _ARCHITECTURES[platform.machine().lower()]


def stage_overrides(samconfig: Path, stage: str) -> list[str]:
    """Return the parameters of a stage in samconfig.toml, NAME=VALUE each."""
    found = tomllib.loads(samconfig.read_text()).get(stage, {})
    return _Stage.model_validate(found).deploy.parameters.parameter_overrides


def stack_parameters(samconfig: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of the local stage, those of this machine, then `more`."""
    written = dict(pair.split("=", 1) for pair in stage_overrides(samconfig, "local"))
    machine = {"PythonRuntime": python_runtime(), "Architecture": machine_architecture()}
    return {**written, **machine, **more}


def build_variables(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for layers/shared/Makefile, to which SAM passes no parameters."""
    return {
        "PYTHON_RUNTIME": parameters["PythonRuntime"],
        "ARCHITECTURE": parameters["Architecture"],
        "LOCAL_PYTHON": str(base_python()),
    }
