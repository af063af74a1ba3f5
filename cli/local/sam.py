"""`sam build` and `sam deploy` of the real template, to the local cloud."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CommandError
from cli.local.environment import clean_environment
from cli.local.options import REGION, LocalOptions
from cli.local.parameters import build_variables

BUCKET = "signalbox-local-artifacts"

_SOURCES = ("functions", "layers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sam:
    """The two commands with their options."""

    options: LocalOptions
    parameters: Mapping[str, str]

    def fingerprint(self) -> str:
        """Return a hash of everything that a deploy depends on."""
        digest = hashlib.sha256(json.dumps(dict(self.parameters), sort_keys=True).encode())
        for path in _sources(self.options.project):
            digest.update(str(path.relative_to(self.options.project)).encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
        return digest.hexdigest()[:32]

    def build(self) -> None:
        """Build into the build directory."""
        template = self.options.project / "template.yaml"
        self._run("build", "--template", str(template), "--build-dir", str(self._built))

    def deploy(self) -> None:
        """Deploy what was built."""
        options = [
            *("--template-file", str(self._built / "template.yaml")),
            *("--stack-name", self.options.stack_name),
            *("--s3-bucket", BUCKET),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--no-progressbar",
        ]
        self._run("deploy", *options)

    @property
    def _built(self) -> Path:
        return self.options.home / "build"

    def _run(self, verb: str, *options: str) -> None:
        binaries = Path(sys.executable).parent
        overrides = [f"{name}={value}" for name, value in self.parameters.items()]
        variables = {
            "AWS_ENDPOINT_URL": self.options.endpoint_url,
            "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS": "1",
            "SAM_CLI_POLL_DELAY": "0.5",
            "SAM_CLI_TELEMETRY": "0",
            "UV": str(binaries / "uv"),
            **build_variables(self.parameters),
        }
        command = [str(binaries / "sam"), verb, *options, "--region", REGION]
        done = subprocess.run(
            [*command, "--parameter-overrides", *overrides],
            cwd=self.options.project,
            env=clean_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CommandError(f"sam {verb} failed:\n{done.stdout.strip()}")


def _sources(project: Path) -> Iterator[Path]:
    yield project / "template.yaml"
    for folder in _SOURCES:
        for path in sorted((project / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
