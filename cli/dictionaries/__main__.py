"""`python -m cli.dictionaries` writes the current dictionaries into the layer."""

import sys

from cli.dictionaries.recipes import RECIPES, built, folder_of
from signalbox.aws.compression import DICTIONARIES


def main() -> int:
    """Write the current dictionaries."""
    for name, recipe in RECIPES.items():
        folder = DICTIONARIES / folder_of(name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.{recipe.version}.zdict").write_bytes(built(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
