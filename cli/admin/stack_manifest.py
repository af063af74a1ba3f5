"""Apply manifests to a stack."""

from cli.admin.audit import command_audit
from cli.admin.manifest import ApplyManifest
from cli.stack import Stack
from signalbox.runtime.registry import middlewares, providers


def manifest_of_stack(stack: Stack) -> ApplyManifest:
    """Return what applies manifests to a stack, and records it in its audit log."""
    return ApplyManifest(
        config=stack.config,
        secrets=stack.secrets,
        connectors=stack.connectors,
        providers=providers(),
        keys=stack.keys.all,
        changing=command_audit(stack),
        middlewares=middlewares(),
    )
