"""template.yaml for an archive that has the layers built.

It is changed as text, so that it stays readable.
"""

import re
from collections.abc import Sequence
from typing import Final

from cli.errors import CommandError
from cli.release.semantic_version import SemanticVersion

_LAYER: Final = re.compile(r"^  (\w+Layer):", re.MULTILINE)
_FIRST: Final = "SharedLayer"
_BUILT: Final = (
    "    Metadata: &built {BuildMethod: makefile, BuildArchitecture: !Ref Architecture}\n"
)
_RUNTIME: Final = re.compile(r"Default: python3\.\d+, AllowedPattern: '[^']*',")
_ARCHITECTURE: Final = "Default: arm64, AllowedValues: [arm64, x86_64]"
_APPLICATION: Final = """\
Metadata:
  AWS::ServerlessRepo::Application:
    Name: signalbox
    Description: Turns SaaS webhooks into durable tasks for workers and agents
    Author: Signalbox
    SpdxLicenseId: Apache-2.0
    LicenseUrl: LICENSE
    ReadmeUrl: README.md
    Labels: [webhooks, tasks, queue, gateway, agents]
    SemanticVersion: {version}
"""


def layer_names(template: str) -> list[str]:
    """Return the logical ids of the layers."""
    return _LAYER.findall(template)


def layer_path(layer: str) -> str:
    """Return where the archive has a layer."""
    return f"layers/{layer}.zip"


def packaged_template(
    template: str, *, version: SemanticVersion, runtime: str, architecture: str
) -> str:
    """Return the template with built layers, for one runtime and processor, ready for SAR.

    Raises:
        CommandError: The template has another form than expected.
    """
    text = _replaced(template, "Metadata:\n", _APPLICATION.format(version=version))
    text = _replaced(text, _BUILT, "")
    text = _replaced(text, "ContentUri: layers/shared\n", f"ContentUri: {layer_path(_FIRST)}\n")
    for layer in layer_names(template):
        if layer != _FIRST:
            text = _replaced(
                text,
                f"  {layer}: {{Type: AWS::Serverless::LayerVersion, Metadata: {{<<: *built}}, "
                "Properties: {<<: *layer}}",
                f"  {layer}: {{Type: AWS::Serverless::LayerVersion, "
                f"Properties: {{<<: *layer, ContentUri: {layer_path(layer)}}}}}",
            )
    machine = f"Default: {architecture}, AllowedValues: [{architecture}]"
    text = _replaced(text, _ARCHITECTURE, machine)
    return _with_runtime(text, runtime)


def archive_settings(
    parameters: Sequence[str], *, version: SemanticVersion, runtime: str, architecture: str
) -> str:
    """Return samconfig.toml of the archive: `sam deploy` needs no more than `--guided`.

    The version is the revision, by which functions that start from snapshots get new ones.
    """
    machine = (f"PythonRuntime={runtime}", f"Architecture={architecture}")
    overrides = [*machine, f"Revision={version}", *parameters]
    lines = "".join(f'    "{override}",\n' for override in overrides)
    return f"""\
version = 0.1

# The template has loops, which SAM expands only where it is asked to.
[default.global.parameters]
language_extensions = true

[default.deploy.parameters]
stack_name = "signalbox"
resolve_s3 = true
s3_prefix = "signalbox"
capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
fail_on_empty_changeset = false
confirm_changeset = true
parameter_overrides = [
{lines}]
"""


def _with_runtime(text: str, runtime: str) -> str:
    changed, count = _RUNTIME.subn(f"Default: {runtime}, AllowedValues: [{runtime}],", text)
    if count != 1:
        raise CommandError("template.yaml has another form of the parameter PythonRuntime")
    return changed


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise CommandError(f"template.yaml has not exactly once: {old.strip()}")
    return text.replace(old, new)
