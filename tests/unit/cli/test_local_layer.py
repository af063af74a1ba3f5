import re
import tomllib

from cli.target import PROJECT

_PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)
_BROUGHT_BY_LAMBDA = {"boto3", "botocore", "s3transfer"}


def requirements() -> str:
    return (PROJECT / "layers/shared/requirements.txt").read_text()


def test_the_layer_ships_the_versions_that_are_tested() -> None:
    locked = tomllib.loads((PROJECT / "uv.lock").read_text())["package"]
    versions = {package["name"]: package.get("version") for package in locked}

    pins = dict(_PIN.findall(requirements()))

    assert pins
    assert pins == {name: versions[name] for name in pins}


def test_every_package_of_the_layer_has_a_hash() -> None:
    blocks = re.split(r"\n(?=\S)", requirements().strip())

    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_layer_leaves_out_what_lambda_brings() -> None:
    assert not _BROUGHT_BY_LAMBDA & {name for name, _ in _PIN.findall(requirements())}
