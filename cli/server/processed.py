"""`python -m cli.server.processed FILE`: write template.yaml after its transforms, for servers."""

import sys
from pathlib import Path

from cli.template import translated_template


def write_processed(path: Path) -> None:
    """Write the processed template."""
    path.write_text(translated_template())


if __name__ == "__main__":
    write_processed(Path(sys.argv[1]))
