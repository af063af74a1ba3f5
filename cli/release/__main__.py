"""`python -m cli.release VERSION`: check, test, build and tag a release. Nothing is published."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.release.artifacts import CHECKSUMS, ReleaseBuild, sign
from cli.release.changelog import release_notes
from cli.release.checkout import Checkout
from cli.release.checks import release_problems
from cli.release.semantic_version import SemanticVersion
from cli.target import PROJECT

_USAGE: Final = 2


def release(checkout: Checkout, version: SemanticVersion, environment: Mapping[str, str]) -> None:
    """Release a version: the tag is made last, so that one without artifacts is not left.

    Raises:
        CommandError: Something hinders it; nothing is tagged then.
    """
    state = checkout.state(version)
    if problems := release_problems(state, version):
        raise CommandError("\n".join(["this is missing:", *(f"- {each}" for each in problems)]))
    commit = checkout.commit()
    _check(checkout, commit)
    folder = checkout.root / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    uv = environment.get("UV") or str(Path(sys.executable).parent / "uv")
    for artifact in ReleaseBuild(checkout=checkout, version=version, uv=uv).write(folder):
        print(artifact.relative_to(checkout.root))
    if key := environment.get("SIGNING_KEY") or checkout.signing_key():
        print(sign(folder / CHECKSUMS, key).relative_to(checkout.root))
    if checkout.commit() != commit or checkout.state(version).changes:
        raise CommandError("the checkout has changed meanwhile: release it again")
    notes = release_notes(state.changelog, str(version))
    checkout.tag(version, f"Signalbox {version}\n\n{notes.text}\n")
    print(f"{version.tag} is tagged: publish it by git push origin {version.tag}")


def _check(checkout: Checkout, commit: str) -> None:
    """Run all checks and tests unless they have passed for the commit, which is checked out."""
    if checkout.is_checked():
        return
    done = subprocess.run(["make", "check", "test"], cwd=checkout.root, check=False)
    if done.returncode:
        raise CommandError("make check test failed")
    checkout.mark_checked(commit)


def main(words: list[str]) -> int:
    """Return the exit code: 1 if nothing was released, 2 for wrong usage."""
    if len(words) != 1 or not words[0]:
        print("usage: make release VERSION=1.4.0", file=sys.stderr)
        return _USAGE
    try:
        release(Checkout(root=PROJECT), SemanticVersion.parse(words[0]), os.environ)
    except CommandError as error:
        print(f"release: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
