"""Setting up a source ends when its first delivery has arrived."""

from tests.functions.system import ApiResponse, System

DEFAULT = "/api/v1/sources/github/default/setup"


def ask(system: System, path: str = DEFAULT) -> ApiResponse:
    return system.ask("GET", path, key=system.key("operator"), headers={"host": "api.example.com"})


def test_the_instructions_of_a_source_name_its_url_and_no_secret(system: System) -> None:
    setup = ask(system, "/api/v1/sources/github/team%20a/setup")
    named = ask(system, "/api/v1/sources/github/team-a/setup")

    url = "https://api.example.com/api/v1/webhooks/github/team-a"
    steps = str(named.json_body["instructions"])
    assert setup.status == 404
    assert (named.word("url"), named.word("secret")) == (url, "text")
    assert url in steps
    assert "Secret: {secret}" in steps
    assert named.json_body["configured"] is False
    assert named.json_body["newest_delivery"] is None


def test_a_source_works_when_its_first_delivery_has_arrived(system: System) -> None:
    before = ask(system)
    system.comment("/agent fix the login")

    after = ask(system)

    assert before.json_body["newest_delivery"] is None
    delivery = after.part("newest_delivery")
    assert (delivery["status"], delivery["event"]) == ("accepted", "issue_comment.created")


def test_the_last_rejection_shows_why_nothing_arrives(system: System) -> None:
    system.hook(b"{}", {"x-github-event": "ping"}, secret="wrong")

    setup = ask(system)

    assert setup.part("last_rejection")["code"] == "signature_invalid"
    assert setup.json_body["newest_delivery"] is None


def test_what_a_rejection_means_and_what_to_do_is_listed_with_it(system: System) -> None:
    system.hook(b"{}", {"x-github-event": "ping"}, secret="wrong")

    listed = system.ask("GET", "/api/v1/rejections", key=system.key("viewer"))

    meanings = listed.part("meanings")
    assert list(meanings) == ["signature_invalid"]
    assert "secret of this source" in str(meanings["signature_invalid"])


def test_the_providers_are_listed_with_the_secrets_that_they_take(system: System) -> None:
    listed = ask(system, "/api/v1/providers")

    found = {str(row["name"]): row for row in listed.items}
    assert len(found) == 12
    assert found["linear"]["secret"] == "issued"
    assert "issue_comment.created" in str(found["github"]["events"])


def test_there_is_no_setup_of_a_provider_that_is_not_installed(system: System) -> None:
    assert ask(system, "/api/v1/sources/acme/default/setup").status == 404
