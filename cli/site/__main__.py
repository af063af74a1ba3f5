"""`python -m cli.site OPENAPI ASYNCAPI`: build the documentation into .signalbox/site."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.site.check import site_problems
from cli.site.mermaid import mermaid_script
from cli.site.messages import MESSAGES_PAGE, messages_page
from cli.site.reference import openapi_pages
from cli.site.stage import stage_site
from cli.site.versions import first_page, version_folder, version_folders, version_list
from cli.target import PROJECT
from signalbox.runtime.version import VERSION

_WORK: Final = PROJECT / ".signalbox"
_USAGE: Final = 2


def build_site(openapi: str, asyncapi: str, version: str) -> Path:
    """Build the site of a version and return its folder.

    Raises:
        CommandError: A link or an anchor leads to nothing, or a page loads from another host.
    """
    sources, site = _WORK / "site-sources", _WORK / "site"
    pages = openapi_pages(json.loads(openapi))
    pages[MESSAGES_PAGE] = messages_page(json.loads(asyncapi))
    stage_site(PROJECT, sources, pages)
    documents = {
        "reference/openapi.json": openapi.encode(),
        "reference/asyncapi.json": asyncapi.encode(),
        "assets/mermaid.min.js": mermaid_script(_WORK),
    }
    for name, content in documents.items():
        path = sources / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    _generate(sources)
    if problems := site_problems(sources / "site"):
        raise CommandError("\n".join(["the site has faults:", *problems]))
    return _publish(sources / "site", site, version)


def _generate(sources: Path) -> None:
    """Call the generator, which finds broken links with the place in the source."""
    zensical = [str(Path(sys.executable).parent / "zensical"), "build", "--strict", "--clean"]
    done = subprocess.run(zensical, cwd=sources, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"zensical failed:\n{done.stdout}{done.stderr}")


def _publish(built: Path, site: Path, version: str) -> Path:
    target = site / version
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(built, target)
    folders = version_folders(path.name for path in site.iterdir() if path.is_dir())
    (site / "versions.json").write_text(version_list(folders))
    (site / "index.html").write_text(first_page(folders))
    return target


def _is_released() -> bool:
    """Return whether the commit has the tag of the version."""
    words = ["git", "tag", "--points-at", "HEAD", f"v{VERSION}"]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=False)
    return bool(done.stdout.strip())


def main(words: list[str]) -> int:
    """Return the exit code: 1 if the site has faults."""
    if len(words) != len(("OPENAPI", "ASYNCAPI")):
        print("usage: make site", file=sys.stderr)
        return _USAGE
    openapi, asyncapi = (Path(word).read_text() for word in words)
    try:
        folder = build_site(openapi, asyncapi, version_folder(VERSION, released=_is_released()))
    except CommandError as error:
        print(f"site: {error}", file=sys.stderr)
        return error.exit_code
    print(folder.relative_to(PROJECT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
