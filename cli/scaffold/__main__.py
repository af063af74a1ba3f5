"""python -m cli.scaffold provider|connector|middleware NAME: writes the skeleton of a new one."""

import subprocess
import sys
from pathlib import Path

from cli.errors import CommandError
from cli.scaffold.skeleton import KINDS, Skeleton, check_name
from cli.target import PROJECT

_USAGE = 2


def write(kind: str, name: str, root: Path = PROJECT) -> list[Path]:
    """Write the skeleton and return the paths of new and changed files.

    Raises:
        CommandError: The name cannot be used, or the repository has another form than expected;
            nothing is written then.
    """
    check_name(kind, name, root)
    skeleton = Skeleton(kind=KINDS[kind], name=name, root=root)
    files = {**skeleton.new_files(), **skeleton.changed_files()}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    modules = [str(path) for path in files if path.suffix == ".py"]
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", *modules], check=True)
    return list(files)


def main(words: list[str]) -> int:
    """Return the exit code: 1 where nothing was written, 2 for wrong usage."""
    kinds = "|".join(KINDS)
    if len(words) != len(("kind", "name")) or words[0] not in KINDS or not words[1]:
        print(f"usage: make {kinds} NAME=acme", file=sys.stderr)
        return _USAGE
    kind, name = words
    try:
        paths = write(kind, name)
    except CommandError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(*(path.relative_to(PROJECT) for path in paths), sep="\n")
    print(f"Now read docs/adding-a-{kind}.md, and run: make check")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
