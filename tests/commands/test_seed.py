import re
import stat
from pathlib import Path

from cli.local.local_key import local_key_text
from cli.local.seed import DEMO, GITHUB, SLACK_HOOK_PATH, SeedResult, seed_stack
from cli.stack import Stack
from cli.webhooks.samples import load_sample
from signalbox.auth.api_keys import KeyAuthenticator
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.principal import Scope
from signalbox.models.subscription import Subscription
from signalbox.providers.github.signature import signature
from signalbox.services.ports.time import utc_now
from tests.commands.conftest import TRUSTED


def text(seeded: SeedResult, label: str) -> str:
    return next(note.text for note in seeded.notes if note.label == label)


def test_the_key_opens_everything_and_only_its_owner_may_read_it(
    stack: Stack, tmp_path: Path
) -> None:
    key = text(seed_stack(stack, TRUSTED, tmp_path), "API key")

    keys = KeyAuthenticator(store=stack.keys, clock=utc_now, environment="test")
    (kept,) = [path for path in tmp_path.iterdir() if key in path.read_text()]
    assert keys.authenticate(key).scopes == frozenset(Scope)
    assert local_key_text(tmp_path) == key
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_second_time_changes_nothing(stack: Stack, tmp_path: Path) -> None:
    first = seed_stack(stack, TRUSTED, tmp_path)
    secrets = stack.secrets.refresh(GITHUB)
    things = (stack.config.connections(), stack.config.subscriptions(), stack.keys.all())

    second = seed_stack(stack, TRUSTED, tmp_path)

    assert text(second, "API key") == text(first, "API key")
    assert stack.secrets.refresh(GITHUB) == secrets
    assert (stack.config.connections(), stack.config.subscriptions(), stack.keys.all()) == things


def test_a_stack_that_forgot_everything_gets_the_same_key(stack: Stack, tmp_path: Path) -> None:
    first = text(seed_stack(stack, TRUSTED, tmp_path), "API key")
    table = stack.keys.table
    (key,) = stack.keys.all()
    table.delete({"pk": {"S": "KEY"}, "sk": {"S": key.id}})

    second = text(seed_stack(stack, TRUSTED, tmp_path), "API key")

    assert second == first
    assert stack.keys.find(key.id) == key


def test_a_revoked_key_is_replaced(stack: Stack, tmp_path: Path) -> None:
    first = text(seed_stack(stack, TRUSTED, tmp_path), "API key")
    (key,) = stack.keys.all()
    stack.keys.put(key.model_copy(update={"revoked_at": utc_now()}))

    second = text(seed_stack(stack, TRUSTED, tmp_path), "API key")

    assert second != first
    keys = KeyAuthenticator(store=stack.keys, clock=utc_now, environment="test")
    assert keys.authenticate(second).scopes


def test_a_key_file_that_cannot_be_read_is_made_anew(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{")

    assert text(seed_stack(stack, TRUSTED, tmp_path), "API key") == local_key_text(tmp_path)


def test_a_secret_that_is_there_is_kept(stack: Stack, tmp_path: Path) -> None:
    stack.secrets.put(GITHUB, ["mine", "older"])

    seed_stack(stack, TRUSTED, tmp_path)

    assert stack.secrets.refresh(GITHUB) == ("mine", "older")


def test_the_demo_follows_the_echo_target(stack: Stack, tmp_path: Path) -> None:
    seed_stack(stack, TRUSTED, tmp_path)
    stack.secrets._asked.clear()

    seed_stack(stack, "http://127.0.0.1:10", tmp_path)

    stack.secrets._asked.clear()
    assert stack.secrets.refresh(f"connections/{DEMO}") == (
        f"http://127.0.0.1:10{SLACK_HOOK_PATH}",
    )


def test_a_subscription_that_somebody_changed_is_left_alone(stack: Stack, tmp_path: Path) -> None:
    mine = Subscription(id=SubscriptionId(DEMO), connection=ConnectionId(DEMO), enabled=False)
    stack.config.put(mine)

    seed_stack(stack, TRUSTED, tmp_path)

    assert stack.config.subscriptions() == [mine]


def test_the_example_is_signed_over_the_file_it_sends(stack: Stack, tmp_path: Path) -> None:
    command = text(seed_stack(stack, TRUSTED, tmp_path), "Try")

    shown = re.search(r"sha256=[0-9a-f]{64}", command)
    body = (tmp_path / "example.json").read_bytes()
    assert shown is not None
    assert shown[0] == signature(stack.secrets.refresh(GITHUB)[0], body)
    assert b"/agent fix the login" in body
    assert f"{stack.base_url}/api/v1/webhooks/github" in command
    recorded = {name.lower() for name in load_sample("github", "issue_comment").headers}
    expected = recorded | {"x-github-delivery", "x-hub-signature-256"}
    assert set(re.findall(r"-H '([\w-]+):", command)) == expected
