"""`python -m cli.deploy STAGE …`: `sam build`, then `sam deploy` with the options after the stage.

The build of the layers reads environment variables, as it cannot see parameters. Both get runtime
and processor explicitly, since a stack keeps the value of a parameter that is omitted. Each deploy
is another revision, by which functions that start from snapshots get new ones.
"""

import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from cli.errors import CommandError
from cli.local.parameters import stage_overrides
from cli.target import PROJECT

DEFAULT_PARAMETERS: Final[Mapping[str, str]] = {
    "PythonRuntime": "python3.13",
    "Architecture": "arm64",
}
_VARIABLES: Final[Mapping[str, str]] = {
    "PythonRuntime": "PYTHON_RUNTIME",
    "Architecture": "ARCHITECTURE",
}
_REVISION: Final = "Revision"
_OTHER: Final = re.compile(rf"\w+=(?!.*\b({'|'.join(DEFAULT_PARAMETERS)})\b).*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamCommand:
    """The arguments and variables of a call of `sam`."""

    words: tuple[str, ...]
    variables: Mapping[str, str]


def plan_commands(
    samconfig: Path,
    stage: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    now: datetime,
) -> tuple[SamCommand, SamCommand]:
    """Return the build and the deploy command.

    The revision is the time, if none is given.

    Raises:
        CommandError: They would use different runtimes or processors.
    """
    given, options = _split(words)
    written = _stage_parameters(samconfig, stage)
    chosen = {**DEFAULT_PARAMETERS, **_machine(written), **_variables(environment, _machine(given))}
    others = [word for word in given or written if _name(word) not in DEFAULT_PARAMETERS]
    if _REVISION not in map(_name, others):
        others.append(f"{_REVISION}={now:%Y%m%dT%H%M%SZ}")
    parameters = (*others, *(f"{name}={value}" for name, value in chosen.items()))
    variables = {_VARIABLES[name]: value for name, value in chosen.items()}
    verbs = (("build",), ("deploy", "--config-env", stage, *options))
    build, deploy = (
        SamCommand(words=(*verb, "--parameter-overrides", *parameters), variables=variables)
        for verb in verbs
    )
    return build, deploy


def run_sam(command: SamCommand) -> int:
    """Run the command and return its exit code."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "sam"), *command.words],
        cwd=PROJECT,
        env={**os.environ, "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS": "1", **command.variables},
        check=False,
    ).returncode


def main(
    words: Sequence[str], environment: Mapping[str, str], run: Callable[[SamCommand], int] = run_sam
) -> int:
    """Return the exit code of the command that failed, or 0."""
    try:
        commands = plan_commands(
            PROJECT / "samconfig.toml", words[0], words[1:], environment, datetime.now(UTC)
        )
    except CommandError as problem:
        print(f"deploy: {problem}", file=sys.stderr)
        return problem.exit_code
    return next((code for command in commands if (code := run(command))), 0)


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the parameters among the options, and the other options."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--parameter-overrides", nargs="+", default=[])
    found, options = parser.parse_known_args(words)
    given: list[str] = found.parameter_overrides
    return given, options


def _stage_parameters(samconfig: Path, stage: str) -> list[str]:
    try:
        return stage_overrides(samconfig, stage)
    except ValidationError:
        problem = f"parameter_overrides of {stage} in samconfig.toml is no list of NAME=VALUE"
        raise CommandError(problem) from None


def _machine(words: Iterable[str]) -> dict[str, str]:
    """Return runtime and processor in these parameters."""
    said = {}
    for word in words:
        name, _, value = word.partition("=")
        if name in DEFAULT_PARAMETERS:
            said[name] = value
        elif not _OTHER.fullmatch(word):
            raise CommandError(f"a parameter is a word of its own, NAME=VALUE: {word}")
    return said


def _variables(environment: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return runtime and processor from parameters and environment.

    Raises:
        CommandError: They differ.
    """
    said = dict(given)
    for name, variable in _VARIABLES.items():
        value = environment.get(variable)
        if value and given.get(name, value) != value:
            raise CommandError(f"{variable} says {value}, and {name} is {given[name]}")
        if value:
            said[name] = value
    return said


def _name(word: str) -> str:
    return word.partition("=")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
