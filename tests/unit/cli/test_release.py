import hashlib
import io
import json
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Sequence
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator
from samtranslator.yaml_helper import yaml_parse

from cli.errors import CommandError
from cli.licenses import ShippedPackage
from cli.release.__main__ import main, release
from cli.release.archive import folder_files, zip_archive
from cli.release.artifacts import (
    RELEASE_ARCHITECTURES,
    RELEASE_RUNTIME,
    ReleaseBuild,
    checksums,
    sign,
)
from cli.release.bill_of_materials import bill_of_materials, validate_bill_of_materials
from cli.release.changelog import release_notes
from cli.release.checkout import Checkout
from cli.release.checks import ReleaseState, release_problems
from cli.release.packaged_template import (
    archive_settings,
    layer_names,
    layer_path,
    packaged_template,
)
from cli.release.semantic_version import SemanticVersion
from cli.target import PROJECT
from signalbox.models.base import JsonObject
from signalbox.runtime.version import VERSION

V1_4_0: Final = SemanticVersion.parse("1.4.0")
CHANGELOG: Final = (
    "# Changelog\n\n## Unreleased\n\n## 1.4.0 (2026-12-01)\n\n- Faster.\n\n## 1.3.0\n"
)
READY: Final = ReleaseState(
    code_version="1.4.0", changes=(), tags=("v1.3.0",), changelog=CHANGELOG, has_store=True
)
TEMPLATE: Final = (PROJECT / "template.yaml").read_text()
EXPORTED: Final[JsonObject] = {
    "metadata": {"component": {"bom-ref": "root-1"}},
    "components": [
        {"type": "library", "name": "httpx", "bom-ref": "httpx-2"},
        {"type": "library", "name": "other", "bom-ref": "other"},
    ],
    "dependencies": [{"ref": "root-1", "dependsOn": ["httpx-2"]}, {"ref": "httpx-2"}],
}
PACKAGES: Final = [
    ShippedPackage(ecosystem="pypi", name="httpx", version="1", license="MIT OR ISC"),
    ShippedPackage(ecosystem="npm", name="@a/preact", version="11.2.0", license="MIT"),
]


def run(
    *words: str, at: Path = PROJECT, text: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  git and ssh-keygen of the machine, in a folder of the test
        words, cwd=at, input=text, check=check, capture_output=True, text=True
    )


def git(root: Path, *words: str) -> str:
    return run("git", *words, at=root).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with one commit, which is no release."""
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    git(tmp_path, "init", "--quiet")
    for name, value in {"user.name": "A", "user.email": "a@b.org", "tag.gpgsign": "false"}.items():
        git(tmp_path, "config", name, value)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--no-gpg-sign", "--message", "A")
    return Checkout(root=tmp_path)


def packaged(architecture: str = "arm64") -> dict[str, Any]:
    text = packaged_template(
        TEMPLATE, version=V1_4_0, runtime="python3.13", architecture=architecture
    )
    document: dict[str, Any] = yaml_parse(text)
    return document


def test_both_wheels_have_the_version_of_the_code() -> None:
    for path in ("pyproject.toml", "clients/python/pyproject.toml"):
        settings = tomllib.loads((PROJECT / path).read_text())
        source = (PROJECT / path).parent / settings["tool"]["hatch"]["version"]["path"]
        pattern = settings["tool"]["hatch"]["version"]["pattern"]
        found = re.search(pattern, source.read_text(), re.MULTILINE)

        assert "version" not in settings["project"]
        assert found is not None
        assert found["version"] == VERSION
    assert version("signalbox-client")


@pytest.mark.parametrize("text", ["1.4", "v1.4.0", "1.04.0", "1.4.0-rc.1", "", "1.4.0\n"])
def test_a_version_has_three_numbers(text: str) -> None:
    with pytest.raises(CommandError, match=r"MAJOR\.MINOR\.PATCH"):
        SemanticVersion.parse(text)


def test_versions_are_ordered_by_their_numbers() -> None:
    assert SemanticVersion.parse("1.10.0") > SemanticVersion.parse("1.9.9")
    assert (str(V1_4_0), V1_4_0.tag) == ("1.4.0", "v1.4.0")


def test_the_notes_of_a_release_are_its_section() -> None:
    notes = release_notes(CHANGELOG, "1.4.0")

    assert (notes.released_on.isoformat(), notes.text) == ("2026-12-01", "- Faster.")


@pytest.mark.parametrize(
    ("changelog", "complaint"),
    [
        ("# Changelog\n", "no section"),
        ("## Unreleased\n\n- More.\n\n## 1.4.0 (2026-12-01)\n\n- A.\n", "entries of Unreleased"),
        ("## 1.5.0 (2026-12-01)\n\n- A.\n\n## 1.4.0 (2026-11-01)\n\n- A.\n", "newest section"),
        ("## 1.4.0\n\n- A.\n", "newest section"),
        ("## 1.4.0 (2026-12-01)\n\n## 1.3.0 (2026-11-01)\n\n- A.\n", "is empty"),
        ("## 1.4.0 (2026-13-01)\n\n- A.\n", "2026-13-01 is no date"),
    ],
)
def test_a_changelog_without_the_section_of_the_release_is_refused(
    changelog: str, complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        release_notes(changelog, "1.4.0")


def test_the_changelog_has_sections_that_a_release_understands() -> None:
    text = (PROJECT / "CHANGELOG.md").read_text()
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert all(
        title == "Unreleased" or re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", title)
        for title in titles
    )


def test_nothing_hinders_a_release_that_is_ready() -> None:
    assert release_problems(READY, V1_4_0) == []


def test_everything_that_hinders_a_release_is_named_at_once() -> None:
    state = ReleaseState(
        code_version="1.3.0",
        changes=("README.md",),
        tags=("v1.4.0", "v1.5.0", "v-other"),
        changelog="",
        has_store=False,
    )

    assert release_problems(state, V1_4_0) == [
        "commit or remove these files: README.md",
        "signalbox/runtime/version.py has 1.3.0: change it to 1.4.0",
        "v1.5.0 is released already",
        "CHANGELOG.md has no section ## 1.4.0 (date)",
        "no store of 1.4.0 is recorded: run make recorded-store, and commit it",
    ]


def test_a_release_that_is_not_ready_makes_no_tag(checkout: Checkout) -> None:
    with pytest.raises(CommandError, match="this is missing:\n- "):
        release(checkout, V1_4_0, {})

    assert git(checkout.root, "tag") == ""


def test_the_state_of_a_checkout_has_its_changes_and_tags(checkout: Checkout) -> None:
    checkout.tag(V1_4_0, "Signalbox 1.4.0\n\n# - Faster.\n")
    (checkout.root / "new file").touch()

    state = checkout.state(V1_4_0)

    assert (state.tags, state.changes) == (("v1.4.0",), ('"new file"',))
    assert git(checkout.root, "tag", "--list", "--format=%(contents)") == (
        "Signalbox 1.4.0\n\n# - Faster.\n\n"
    )


def test_an_ignored_file_that_would_be_shipped_with_the_layer_is_a_change(
    checkout: Checkout,
) -> None:
    source = checkout.root / "layers" / "shared" / "signalbox"
    (source / "__pycache__").mkdir(parents=True)
    (source / "__pycache__" / "a.pyc").touch()
    (source / ".env").write_text("SECRET=1\n")
    (checkout.root / ".env").touch()
    (checkout.root / ".git" / "info" / "exclude").write_text(".env\n*.pyc\n")

    assert checkout.state(V1_4_0).changes == ("layers/shared/signalbox/.env",)


@pytest.mark.parametrize(
    "during", ["git commit --quiet --no-gpg-sign --allow-empty --message B", "touch new"]
)
def test_a_checkout_that_changes_while_it_is_tested_is_not_released(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, during: str
) -> None:
    version = SemanticVersion.parse(VERSION)
    files = {
        ".gitignore": ".signalbox/\ndist/\n",
        "CHANGELOG.md": f"## {VERSION} (2026-12-01)\n\n- A.\n",
        "Makefile": f".PHONY: check test\ncheck test:\n\t@{during}\n",
        f"tests/fixtures/stores/{VERSION}.jsonl.gz": "",
    }
    for name, text in files.items():
        (checkout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout.root / name).write_text(text)
    git(checkout.root, "add", ".")
    git(checkout.root, "commit", "--quiet", "--no-gpg-sign", "--message", "Release")
    monkeypatch.setattr(ReleaseBuild, "write", lambda _self, _folder: [])

    with pytest.raises(CommandError, match="the checkout has changed"):
        release(checkout, version, {})

    assert git(checkout.root, "tag") == ""


def test_a_signing_key_is_found_in_the_home_folder(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    git(checkout.root, "config", "gpg.format", "ssh")
    git(checkout.root, "config", "user.signingkey", "~/.ssh/id_ed25519.pub")

    assert checkout.signing_key() == "/home/me/.ssh/id_ed25519.pub"


def test_tests_that_passed_count_for_their_commit_only(checkout: Checkout) -> None:
    checkout.mark_checked(checkout.commit())
    passed = checkout.is_checked()

    git(checkout.root, "commit", "--quiet", "--no-gpg-sign", "--allow-empty", "--message", "B")

    assert (passed, checkout.is_checked()) == (True, False)


@pytest.mark.parametrize(("words", "code"), [([], 2), ([""], 2), (["1.4"], 1)])
def test_a_wrong_use_has_an_exit_code(words: list[str], code: int) -> None:
    assert main(words) == code


def test_a_zip_depends_on_nothing_but_its_content() -> None:
    files = {"b.txt": b"b", "a/a.txt": b"a", "c.zip": b"c" * 100}

    first = zip_archive(files)
    second = zip_archive(dict(reversed(files.items())))

    assert first == second
    entries = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert [entry.filename for entry in entries] == ["a/a.txt", "b.txt", "c.zip"]
    assert {oct(entry.external_attr >> 16) for entry in entries} == {"0o100644"}
    assert entries[2].compress_size == entries[2].file_size


def test_the_files_of_a_folder_have_their_paths_in_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"c")

    assert folder_files(tmp_path) == {"a/b": b"c"}


def test_the_packaged_template_has_built_layers_and_no_recipe_for_them() -> None:
    resources = packaged()["Resources"]

    layers = {name: resources[name] for name in layer_names(TEMPLATE)}

    assert len(layers) == 4
    for name, layer in layers.items():
        assert layer["Properties"]["ContentUri"] == layer_path(name)
        assert "CompatibleRuntimes" in layer["Properties"]
        assert "Metadata" not in layer


def test_the_packaged_template_is_for_one_runtime_and_processor() -> None:
    parameters = packaged("x86_64")["Parameters"]

    assert parameters["Architecture"]["AllowedValues"] == ["x86_64"]
    assert parameters["Architecture"]["Default"] == "x86_64"
    assert parameters["PythonRuntime"]["AllowedValues"] == ["python3.13"]


def test_the_packaged_template_can_be_published_as_an_application() -> None:
    application = packaged()["Metadata"]["AWS::ServerlessRepo::Application"]

    assert application["SemanticVersion"] == "1.4.0"
    assert application["SpdxLicenseId"] == "Apache-2.0"
    assert len(application["Description"]) <= 256
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,140}", application["Name"])
    assert "cfn-lint" in packaged()["Metadata"]


def test_nothing_else_of_the_template_is_changed() -> None:
    source, changed = yaml_parse(TEMPLATE), packaged()

    assert source.keys() == changed.keys()
    different = {
        f"{part}.{name}"
        for part in source
        if isinstance(source[part], dict)
        for name in source[part].keys() | changed[part].keys()
        if source[part].get(name) != changed[part].get(name)
    }
    assert different == {
        "Metadata.AWS::ServerlessRepo::Application",
        "Parameters.Architecture",
        "Parameters.PythonRuntime",
        *(f"Resources.{name}" for name in layer_names(TEMPLATE)),
    }


@pytest.mark.parametrize(
    "part",
    ["Metadata:\n", "ContentUri: layers/shared\n", "AllowedPattern: '^python3", "  TokensLayer:"],
)
def test_a_template_of_another_form_is_refused(part: str) -> None:
    template = TEMPLATE.replace(part, part.upper()).replace("  TOKENSLAYER:", "  TokensLayer: #")

    with pytest.raises(CommandError, match=r"template\.yaml has"):
        packaged_template(template, version=V1_4_0, runtime="python3.13", architecture="arm64")


def settings_of_archive(release: SemanticVersion, parameters: Sequence[str] = ()) -> dict[str, Any]:
    text = archive_settings(parameters, version=release, runtime="python3.13", architecture="arm64")
    settings: dict[str, Any] = tomllib.loads(text)["default"]
    return settings


def test_an_archive_is_deployed_as_the_stage_prod_is() -> None:
    prod = tomllib.loads((PROJECT / "samconfig.toml").read_text())["prod"]
    own = prod["deploy"]["parameters"]["parameter_overrides"]

    settings = settings_of_archive(V1_4_0, own)

    machine = ["PythonRuntime=python3.13", "Architecture=arm64", "Revision=1.4.0"]
    assert settings["global"] == prod["global"]
    assert settings["deploy"]["parameters"] == {
        **prod["deploy"]["parameters"],
        "parameter_overrides": [*machine, *own],
    }


def test_each_release_is_a_revision_that_replaces_the_snapshots_of_the_one_before() -> None:
    overrides = settings_of_archive(V1_4_0)["deploy"]["parameters"]["parameter_overrides"]

    revision = overrides[2].removeprefix("Revision=")
    assert revision == "1.4.0"
    assert re.fullmatch(packaged()["Parameters"]["Revision"]["AllowedPattern"], revision)


def test_a_release_is_built_for_the_runtime_of_the_template_and_both_processors() -> None:
    parameters = yaml_parse(TEMPLATE)["Parameters"]

    assert parameters["PythonRuntime"]["Default"] == RELEASE_RUNTIME
    assert tuple(parameters["Architecture"]["AllowedValues"]) == RELEASE_ARCHITECTURES


def test_the_bill_of_materials_has_licences_and_the_modules_of_the_dashboard() -> None:
    document: Any = bill_of_materials(
        EXPORTED, PACKAGES, version="1.4.0", commit="abc", committed_at=0
    )

    assert document["specVersion"] == "1.6"
    assert document["metadata"]["timestamp"] == "1970-01-01T00:00:00+00:00"
    httpx, other, preact = document["components"]
    assert httpx["licenses"] == [{"expression": "MIT OR ISC"}]
    assert "licenses" not in other
    assert preact["purl"] == "pkg:npm/%40a/preact@11.2.0"
    assert preact["licenses"] == [{"license": {"id": "MIT"}}]
    assert document["dependencies"] == [
        {"ref": "signalbox", "dependsOn": ["httpx-2", preact["bom-ref"]]},
        {"ref": "httpx-2"},
        {"ref": preact["bom-ref"]},
    ]


def test_the_bill_of_materials_depends_on_the_commit_alone() -> None:
    first, second, other = (
        bill_of_materials(EXPORTED, PACKAGES, version="1.4.0", commit=commit, committed_at=0)
        for commit in ("a", "a", "b")
    )

    assert json.dumps(first) == json.dumps(second)
    assert first["serialNumber"] != other["serialNumber"]


def test_the_bill_of_materials_fits_the_schema_of_cyclonedx() -> None:
    document = bill_of_materials(EXPORTED, PACKAGES, version="1.4.0", commit="abc", committed_at=0)

    validate_bill_of_materials(document)


def test_a_bill_of_materials_with_an_unknown_licence_is_refused() -> None:
    unknown = [ShippedPackage(ecosystem="npm", name="a", version="1", license="No-Such-License")]
    document = bill_of_materials(EXPORTED, unknown, version="1.4.0", commit="a", committed_at=0)

    with pytest.raises(CommandError, match=r"does not fit CycloneDX 1\.6\n"):
        validate_bill_of_materials(document)


def test_checksums_are_in_the_form_of_sha256sum(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"a")

    assert checksums([path]) == f"{hashlib.sha256(b'a').hexdigest()}  a.zip\n"


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="the machine has no ssh-keygen")
def test_checksums_are_signed_so_that_ssh_keygen_verifies_them(tmp_path: Path) -> None:
    key, sums = tmp_path / "key", tmp_path / "SHA256SUMS"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key))
    sums.write_text("0  a.zip\n")
    public = (tmp_path / "key.pub").read_text()
    (tmp_path / "allowed").write_text(f'releases namespaces="signalbox" {public}')

    signature = sign(sums, str(key))

    verify = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "allowed"), "-I", "releases"]
    verify += ["-n", "signalbox", "-s", str(signature)]
    assert run(*verify, text="0  a.zip\n", check=False).returncode == 0
    assert run(*verify, text="1  a.zip\n", check=False).returncode


def test_a_machine_without_ssh_keygen_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CommandError, match="ssh-keygen is missing"):
        sign(tmp_path / "SHA256SUMS", "key")


def test_updates_of_dependencies_fit_the_schema_of_dependabot() -> None:
    vendored = "check_jsonschema/builtin_schemas/vendor/dependabot.json"
    schema = Path(str(distribution("check-jsonschema").locate_file(vendored))).read_text()
    document = yaml.safe_load((PROJECT / ".github" / "dependabot.yml").read_text())

    errors = [error.message for error in Draft7Validator(json.loads(schema)).iter_errors(document)]

    assert errors == []
    folders = [update.get("directories") or [update["directory"]] for update in document["updates"]]
    assert all((PROJECT / each.lstrip("/")).is_dir() for listed in folders for each in listed)
