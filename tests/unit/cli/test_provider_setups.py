import json

import pytest

from cli.provider_setups import main
from signalbox.runtime.registry import providers


def test_every_provider_has_steps_with_the_url(capsys: pytest.CaptureFixture[str]) -> None:
    main()

    written = json.loads(capsys.readouterr().out)
    assert sorted(written) == sorted(providers())
    assert all(any("{url}" in step for step in each["steps"]) for each in written.values())


def test_the_events_have_the_names_of_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    main()

    github = json.loads(capsys.readouterr().out)["github"]
    assert github["secret"] == "text"
    assert github["choices"][:2] == ["Issue comments", "Issues"]
