"""The dictionaries in the layer, and how they are made."""

from hashlib import sha256
from typing import Final

import pytest

from cli.dictionaries.build import MAX_BYTES, dictionary_of
from cli.dictionaries.github import with_all_members
from cli.dictionaries.recipes import RECIPES, built, folder_of
from cli.webhooks.samples import load_sample
from signalbox.aws.body_compression import compress_body
from signalbox.aws.compression import DICTIONARIES, compress, newest_dictionary
from signalbox.runtime.registry import providers

DIGESTS: Final = {
    "bodies/bitbucket.1.zdict": "2c4a3c91a07e5348d452b26d91e6ae61",
    "bodies/discord.1.zdict": "2965519c1ef4a0ab36706f8ed58da11d",
    "bodies/generic.1.zdict": "b66ca090bb92483387cf12d812335da7",
    "bodies/gitea.1.zdict": "379f9edb9302f99f6c2e33f5e414d2c5",
    "bodies/github.1.zdict": "9ea0d44f5a7999ad50e05fb7fefd17d9",
    "bodies/github.2.zdict": "2aebcd7232a6ec715d463b30d4abdfd9",
    "bodies/gitlab.1.zdict": "34559b528668d5787015f284eeed2ddf",
    "bodies/jira.1.zdict": "dc492c5d73adb6028abf076f5d910c10",
    "bodies/linear.1.zdict": "7e5da7c5ef3d8d695910bbfe6c2b523a",
    "bodies/pagerduty.1.zdict": "1861ff45b31d6a39a40872c5c96aeede",
    "bodies/sentry.1.zdict": "e6c8f3b383473dda887d01155a5c84df",
    "bodies/slack.1.zdict": "da3b53db92a65a3f487676cc4bf3fdcf",
    "bodies/trello.1.zdict": "0b91f65429798d13f352476d7612af71",
    "records/delivery.1.zdict": "a3dbcd3aa2389345d0ac20646ca6e941",
    "records/notification.1.zdict": "eecaa50d7225b70e1539e628b0d96101",
    "records/summary.1.zdict": "ae8cc756215010032f83b3dcdc227d2c",
    "records/task.1.zdict": "961430a1c37bdb2ed3d67c4e94b24b6e",
}
"""Half of the SHA-256 of every dictionary: bodies in tables need them as they are."""


def test_every_dictionary_is_as_it_was_released() -> None:
    stored = {
        path.relative_to(DICTIONARIES).as_posix(): sha256(path.read_bytes()).hexdigest()[:32]
        for path in DICTIONARIES.glob("*/*")
    }

    assert stored == DIGESTS


@pytest.mark.parametrize("name", RECIPES)
def test_the_current_dictionary_is_what_its_recipe_makes(name: str) -> None:
    newest = newest_dictionary(folder_of(name), name)

    assert newest == f"{folder_of(name)}/{name}.{RECIPES[name].version}"
    assert (DICTIONARIES / f"{newest}.zdict").read_bytes() == built(name)


def test_only_bodies_of_providers_have_a_dictionary() -> None:
    with_one = {name for name in RECIPES if folder_of(name) == "bodies"}

    assert with_one <= set(providers())


def test_a_dictionary_has_what_is_repeated_once_and_the_first_document_last() -> None:
    assert dictionary_of([b'{"a":1,"b":2}', b'{"b":2}', b'{"a":1,"c":3}']) == b'"c":3}{"a":1,"b":2}'


def test_a_dictionary_leaves_out_what_does_not_fit() -> None:
    first = b"x" * (MAX_BYTES - 1)

    assert dictionary_of([first, b"yz"]) == b"z" + first


def test_a_sample_of_github_with_all_members_takes_a_quarter_of_gzip() -> None:
    body = load_sample("github", "issues.edited")
    whole = body.model_copy(update={"body": with_all_members(body.body)}).raw

    stored, _ = compress_body(whole, newest_dictionary("bodies", "github"))

    assert len(whole) > 8_000
    assert len(stored) < len(compress(whole)) / 4
