"""How often the API and a webhook function decide rightly whether a caller is who it says."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Final

from pydantic import JsonValue
from rich.console import Console

from signalbox.auth.api_keys import new_key
from tests.figures.results import Numbers, write_numbers
from tests.functions.system import System, running
from tests.samples import sample

SUCCESS: Final = 0.999
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


def authentication_numbers(system: System, requests: int, seed: int = 1) -> Numbers:
    """Send requests of every kind, valid and invalid ones, and count the right decisions."""
    right, sent = Counter[str](), Counter[str]()
    kinds = _kinds(system, Random(seed))
    for number in range(requests):
        for name, (is_valid, ask) in kinds.items():
            group = "valid" if is_valid else "invalid"
            status = ask(f"{name}-{number}".replace(" ", "-"))
            sent[group] += 1
            right[group] += _decision(status) is is_valid
    return {
        "requests": sent.total(),
        "valid accepted": right["valid"] / sent["valid"],
        "invalid refused": right["invalid"] / sent["invalid"],
    }


def _decision(status: int) -> bool | None:
    """Return whether the caller was accepted; None is an answer of neither kind."""
    if status == HTTPStatus.UNAUTHORIZED:
        return False
    return True if status < HTTPStatus.BAD_REQUEST else None


_Kinds = Mapping[str, tuple[bool, Callable[[str], int]]]


def _kinds(system: System, random: Random) -> _Kinds:
    key, admin = system.key("operator"), system.key("admin")
    revoked = _revoked(system, admin)

    def read(**headers: str) -> int:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return system.ask("GET", "/api/v1/tasks?limit=1", headers=names).status

    def comment(delivery: str, **more: str) -> int:
        made = sample("github", "issue_comment.created")
        headers = made.headers | {"X-GitHub-Delivery": delivery}
        return system.hook(json.dumps(made.body).encode(), headers, **more).status

    return {
        "key": (True, lambda _: read(x_api_key=key)),
        "key as bearer": (True, lambda _: read(authorization=f"Bearer {key}")),
        "signature": (True, comment),
        "no credentials": (False, lambda _: read()),
        "changed key": (False, lambda _: read(x_api_key=_changed(key, random))),
        "unknown key": (False, lambda _: read(x_api_key=_unknown(system))),
        "revoked key": (False, lambda _: read(x_api_key=revoked)),
        "signature with another secret": (False, lambda name: comment(name, secret="another")),
    }


def _changed(key: str, random: Random) -> str:
    position = random.randrange(key.rindex("_") + 1, len(key))
    letter = random.choice([each for each in _LETTERS if each != key[position].lower()])
    return f"{key[:position]}{letter}{key[position + 1 :]}"


def _unknown(system: System) -> str:
    made = new_key(
        "live", name="a", roles=("admin",), scopes=(), created_by="a", now=system.clock()
    )
    return made.text


def _revoked(system: System, admin: str) -> str:
    body: JsonValue = {"name": "old", "roles": ["viewer"]}
    made = system.ask("POST", "/api/v1/keys", body, key=admin)
    system.ask("DELETE", f"/api/v1/keys/{made.word('id')}", key=admin)
    return made.word("key")


def main() -> int:
    """Print the figures; 1 if fewer decisions were right than are to be."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.figures.authentication", description=__doc__
    )
    parser.add_argument("--requests", type=int, default=250, help="of each kind")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), running() as system:
        numbers = authentication_numbers(system, chosen.requests)
    for name, number in numbers.items():
        Console().print(f"{name}: {number:g}")
    write_numbers(chosen.json, numbers)
    return int(numbers["valid accepted"] < SUCCESS or numbers["invalid refused"] < 1)


if __name__ == "__main__":
    sys.exit(main())
