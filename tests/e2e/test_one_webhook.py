from pydantic import JsonValue

from signalbox_client import Attempt, Client, Worker, WorkerOptions
from tests.e2e.installation import Answer, Installation, eventually


def test_a_comment_becomes_a_task_is_done_by_a_worker_and_slack_is_told(
    installation: Installation,
) -> None:
    task = installation.made("/agent fix the login", "e2e-1")
    claimed = installation.claim("w1", task)
    beat = installation.step(claimed, "heartbeat", progress="looking")
    done = installation.step(claimed, "complete", result={"summary": "The login works again"})

    assert claimed.part("task")["instruction"] == "fix the login"
    assert beat.body["action"] == "continue"
    assert done.body["status"] == "succeeded"
    assert len(eventually(lambda: installation.flush(task, "the login works again"))) == 1


def test_a_forged_webhook_is_refused(installation: Installation) -> None:
    answer = installation.hook("/agent fix the login", "e2e-2", secret="another")

    assert (answer.status, answer.body["code"]) == (401, "signature_invalid")


def test_a_repeated_delivery_makes_nothing_new(installation: Installation) -> None:
    made = installation.made("/agent tidy up", "e2e-3")
    installation.step(installation.claim("w1", made), "complete")

    again = installation.hook("/agent tidy up", "e2e-3")

    assert again.status == 202
    assert again.body["duplicate"] is True
    assert again.body["task_ids"] == [made]
    task = installation.ask("GET", f"/api/v1/tasks/{made}")
    assert task.body["status"] == "succeeded"


def test_the_task_of_a_dead_worker_is_done_by_another(installation: Installation) -> None:
    task = installation.made("/agent survive", "e2e-4")
    dead = installation.claim("dead", task, lease=10)

    alive = installation.claim("alive", task)
    late = installation.step(dead, "complete")
    done = installation.step(alive, "complete")

    assert alive.part("task")["attempt"] == 2
    assert (late.status, late.body["code"]) == (409, "lease_lost")
    assert done.status == 200


def test_a_worker_completes_a_task_and_claims_the_next_in_one_request(
    installation: Installation,
) -> None:
    first = installation.made("/agent lay the table", "e2e-next-1")
    claimed = installation.claim("w1", first)
    second = installation.made("/agent clear the table", "e2e-next-2")

    claim: JsonValue = {"worker": "w1", "lease_seconds": 60, "wait_seconds": 20}
    ended = installation.step(claimed, "complete", claim=claim)
    following = Answer(status=200, body=ended.part("next"))
    done = installation.step(following, "complete")

    assert (ended.body["id"], ended.body["status"]) == (first, "succeeded")
    assert (done.body["id"], done.body["status"]) == (second, "succeeded")


def test_everything_it_needs_answers(installation: Installation) -> None:
    health = installation.ask("GET", "/health")
    ready = installation.ask("GET", "/ready")
    queue = installation.ask("GET", "/api/v1/queue")

    assert (health.status, ready.status, queue.status) == (200, 200, 200)


def test_a_source_that_is_removed_takes_its_secret_with_it(installation: Installation) -> None:
    path = "/api/v1/sources/github/extra"
    installation.ask("PUT", path, {"provider": "github", "name": "extra"})
    secret = installation.ask("PUT", f"{path}/secret", {"secrets": ["a secret for a while"]})

    removed = installation.ask("DELETE", path, **{"If-Match": "*"})

    assert (secret.status, removed.status) == (200, 204), removed.body


def test_a_client_creates_a_task_that_a_worker_of_the_client_does(
    installation: Installation,
) -> None:
    def handle(attempt: Attempt) -> str:
        attempt.log(f"works on {attempt.task.title}")
        return "tidy"

    with Client(installation.base_url, installation.key) as client:
        task = client.create_task("Tidy up", priority="high")
        worker = Worker(client, handle, options=WorkerOptions(wait_seconds=2))
        eventually(lambda: worker.run_once() and client.get_task(task.id).finished)
        done = client.wait_for_task(task.id, timeout=0)
        lines = [line.text for line in client.follow_log(task.id)]

    assert done.result
    assert (done.status, done.result.summary) == ("succeeded", "tidy")
    assert lines == ["works on Tidy up"]
