"""The script that CI systems create tasks by, against the real functions over HTTP."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from cli.target import PROJECT
from signalbox.models.task import Task
from signalbox_client import Attempt, Client, HandlerResult, TaskFailed, Worker, WorkerOptions
from tests.commands.served import Served
from tests.pages import blocks

ACTION = PROJECT / "actions" / "create-task"
SCRIPT = ACTION / "create-task.sh"
TEMPLATE = PROJECT / "ci" / "gitlab" / "create-task.yml"
ODD = """it's "odd" $(touch hacked) `touch hacked` ${HOME} \\ %s {{ x }} é"""

needs_jq = pytest.mark.skipif(
    not (shutil.which("jq") and shutil.which("curl")), reason="the script needs jq and curl"
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run of the script ended."""

    code: int
    out: str
    err: str
    outputs: str


@dataclass(kw_only=True)
class Job:
    """A job of a CI system that runs the script."""

    served: Served
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    argv: list[str] = field(default_factory=lambda: ["sh", str(SCRIPT)])

    def run(self, **variables: str) -> Run:
        outputs = self.folder / "outputs"
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "SIGNALBOX_URL": self.served.url,
            "SIGNALBOX_API_KEY": self.served.key,
            "SIGNALBOX_POLL_SECONDS": "0.1",
            "SIGNALBOX_TIMEOUT_SECONDS": "30",
            "GITHUB_OUTPUT": str(outputs),
        }
        done = subprocess.run(  # noqa: S603  ours
            self.argv,
            cwd=self.folder,
            env=given | self.environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        text = outputs.read_text() if outputs.exists() else ""
        return Run(code=done.returncode, out=done.stdout, err=done.stderr, outputs=text)


@pytest.fixture
def job(served: Served, tmp_path: Path) -> Job:
    return Job(served=served, folder=tmp_path)


@contextmanager
def working(
    served: Served, handler: Callable[[Attempt], HandlerResult] = lambda _: "all is well"
) -> Iterator[None]:
    """Inside the block a worker waits for one task, which nothing else dispatches."""
    over = threading.Event()

    def work() -> None:
        options = WorkerOptions(wait_seconds=0, tick_seconds=0.02)
        with Client(served.url, served.key) as client:
            worker = Worker(client, handler, options=options)
            dispatched = False
            while not over.wait(0.05):
                tasks = [] if dispatched else served.all()
                for task in tasks:
                    dispatched = True
                    with served.one_at_a_time:
                        served.wiring.queue.send(task.priority, [task.id])
                if dispatched and worker.run_once():
                    return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


def output_of(run: Run, name: str) -> str:
    """An output, as GitHub reads it."""
    lines = iter(run.outputs.splitlines())
    values = {}
    for line in lines:
        key, _, delimiter = line.partition("<<")
        value = []
        while (row := next(lines)) != delimiter:
            value.append(row)
        values[key] = "\n".join(value)
    return values[name]


def only_task(served: Served) -> Task:
    (task,) = served.all()
    return task


@needs_jq
def test_a_task_is_created_and_its_log_and_result_come_back(job: Job) -> None:
    def handle(attempt: Attempt) -> HandlerResult:
        attempt.log("one\ntwo")
        return {"summary": "all is well", "data": {"files": 3}}

    with working(job.served, handle):
        run = job.run(
            SIGNALBOX_TASK_TITLE=ODD,
            SIGNALBOX_TASK_INSTRUCTION="first\nsecond",
            SIGNALBOX_TASK_ARGUMENTS="--flag\na b\n",
            SIGNALBOX_TASK_PRIORITY="high",
            SIGNALBOX_TASK_MAX_ATTEMPTS="2",
        )

    task = only_task(job.served)
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines() == [f"created {task.id}", "one", "two", "succeeded: all is well"]
    assert (task.title, task.instruction, task.max_attempts) == (ODD, "first\nsecond", 2)
    assert (task.arguments, task.priority) == (("--flag", "a b"), "high")
    assert (output_of(run, "id"), output_of(run, "summary")) == (task.id, "all is well")
    assert json.loads(output_of(run, "result"))["data"] == {"files": 3}
    assert not (job.folder / "hacked").exists()


@needs_jq
def test_the_script_fails_as_the_task_does(job: Job) -> None:
    def handle(_: Attempt) -> str:
        raise TaskFailed("no\x1b[31m luck", retryable=False)

    with working(job.served, handle):
        run = job.run(SIGNALBOX_TASK_TITLE="Tidy up")

    assert run.code == 1
    assert run.out.splitlines()[-1] == "failed: no[31m luck"
    assert run.outputs.splitlines().count("failed") == 1


@needs_jq
def test_a_task_that_does_not_end_in_time_goes_on(job: Job) -> None:
    variables = {"SIGNALBOX_TIMEOUT_SECONDS": "0", "SIGNALBOX_DOTENV": "a.env"}

    run = job.run(SIGNALBOX_TASK_TITLE="Tidy up", **variables)

    task = only_task(job.served)
    dotenv = (job.folder / "a.env").read_text().splitlines()
    assert run.code == 124
    assert run.err == f"{task.id} did not finish within 0 seconds; it goes on\n"
    assert (task.status, output_of(run, "id")) == ("pending", task.id)
    assert dotenv == [f"SIGNALBOX_TASK_ID={task.id}", "SIGNALBOX_TASK_STATUS=pending"]


@needs_jq
def test_without_waiting_only_the_id_comes_back(job: Job) -> None:
    variables = {"SIGNALBOX_TASK_TITLE": "Tidy up", "SIGNALBOX_IDEMPOTENCY_KEY": "release-1"}

    first = job.run(**variables, SIGNALBOX_WAIT="false")
    second = job.run(**variables, SIGNALBOX_WAIT="false")

    task = only_task(job.served)
    assert (first.code, second.code, first.out) == (0, 0, f"created {task.id}\n")


@needs_jq
def test_lines_of_a_log_are_no_commands_of_githubs_runner_and_the_key_is_masked(job: Job) -> None:
    def handle(attempt: Attempt) -> str:
        attempt.log("::error::forged\n::stop-commands::x")
        return "::set-output name=x::y"

    with working(job.served, handle):
        run = job.run(SIGNALBOX_TASK_TITLE="Tidy up", GITHUB_ACTIONS="true")

    mask, stop, *middle, resume = run.out.splitlines()
    token = stop.removeprefix("::stop-commands::")
    assert mask == f"::add-mask::{job.served.key}"
    assert (len(token), resume) == (32, f"::{token}::")
    assert "::error::forged" in middle
    assert not any(token in line for line in middle)


@needs_jq
def test_the_key_is_nowhere_but_in_the_request(job: Job) -> None:
    (job.folder / ".curlrc").write_text("verbose\n")

    run = job.run(SIGNALBOX_TASK_TITLE="Tidy up", SIGNALBOX_WAIT="false")

    assert run.code == 0
    assert job.served.key not in run.out + run.err + run.outputs


@needs_jq
@pytest.mark.parametrize(
    ("variables", "code", "words"),
    [
        ({"SIGNALBOX_TASK_TITLE": ""}, 2, "SIGNALBOX_TASK_TITLE is missing"),
        ({"SIGNALBOX_API_KEY": ""}, 2, "SIGNALBOX_API_KEY is missing"),
        ({"SIGNALBOX_API_KEY": 'x"\nurl = "y'}, 2, "what no key contains"),
        ({"SIGNALBOX_URL": "file:///etc/passwd"}, 2, "has to be the URL"),
        ({"SIGNALBOX_TIMEOUT_SECONDS": "1m"}, 2, "a number of seconds"),
        ({"SIGNALBOX_WAIT": "yes"}, 2, "true or false"),
        ({"SIGNALBOX_IDEMPOTENCY_KEY": 'a"b'}, 2, "SIGNALBOX_IDEMPOTENCY_KEY may contain"),
        ({"SIGNALBOX_API_KEY": "sbx_test_wrong"}, 1, "401 "),
        ({"SIGNALBOX_TASK_PRIORITY": "urgent"}, 1, "/body/priority"),
        ({"SIGNALBOX_TASK_MAX_ATTEMPTS": "many"}, 1, "/body/max_attempts"),
    ],
)
def test_odd_input_is_a_clear_error(
    job: Job, variables: Mapping[str, str], code: int, words: str
) -> None:
    run = job.run(**{"SIGNALBOX_TASK_TITLE": "Tidy up", **variables})

    assert (run.code, job.served.all()) == (code, [])
    assert words in run.err
    assert len(run.err.splitlines()) == 1


@needs_jq
def test_an_api_that_is_away_is_asked_again(job: Job) -> None:
    job.served.away = 503
    threading.Timer(0.7, lambda: setattr(job.served, "away", None)).start()

    run = job.run(SIGNALBOX_TASK_TITLE="Tidy up", SIGNALBOX_WAIT="false")

    assert run.code == 0
    assert run.out == f"created {only_task(job.served).id}\n"


def test_the_action_fits_its_schema_and_expands_no_expression_in_a_script() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text())

    [step] = action["runs"]["steps"]
    assert "${{" not in step["run"]
    used = {value.split("inputs.")[1].split(" ")[0] for value in step["env"].values()}
    assert used == set(action["inputs"])
    assert all(name in SCRIPT.read_text() for name in variables_of(step["env"]))
    assert check_schema("vendor.github-actions", ACTION / "action.yml") == ""


def test_the_examples_of_the_page_fit_their_schemas_the_action_and_the_template(
    tmp_path: Path,
) -> None:
    text = (PROJECT / "docs" / "clients.md").read_text()
    workflow, pipeline = blocks("yaml", text)
    (tmp_path / "workflow.yml").write_text(workflow)
    (tmp_path / "pipeline.yml").write_text(pipeline)

    [step, _] = yaml.safe_load(workflow)["jobs"]["notes"]["steps"]
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    assert set(step["with"]) <= set(action["inputs"])
    assert yaml.safe_load(pipeline)["agent"]["extends"] in yaml.safe_load(TEMPLATE.read_text())
    assert all(f"`{name}`" in text for name in (*action["inputs"], *action["outputs"]))
    assert check_schema("vendor.github-workflows", tmp_path / "workflow.yml") == ""
    assert check_schema("vendor.gitlab-ci", tmp_path / "pipeline.yml") == ""


def variables_of(environment: Mapping[str, str]) -> list[str]:
    """What the script has of the names of variables: of a task's their last part."""
    return [
        f'"{name.removeprefix("SIGNALBOX_TASK_")}"' if "_TASK_" in name else name
        for name in environment
    ]


def check_schema(schema: str, path: Path) -> str:
    """The errors of a document by a schema of SchemaStore."""
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    done = subprocess.run(  # noqa: S603  ours
        [*argv, "--data-transform", "gitlab-ci", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.removeprefix("ok -- validation done\n") + done.stderr


def template_job() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(TEMPLATE.read_text())[".signalbox-create-task"]
    return found


def test_the_template_fits_its_schema_and_has_the_script_of_the_action() -> None:
    script = template_job()["script"]

    end = "END_OF_CREATE_TASK\n"
    assert script == [f"sh -s <<'{end.strip()}'\n{SCRIPT.read_text()}{end}"]
    assert check_schema("vendor.gitlab-ci", TEMPLATE) == ""


@needs_jq
@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_the_template_runs_in_the_shells_of_runners(job: Job, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    script = template_job()["script"]
    assert isinstance(script, list)
    job.argv = [shell, "-euc", script[0]]

    with working(job.served):
        run = job.run(
            SIGNALBOX_TASK_TITLE=ODD, SIGNALBOX_DOTENV="a.env", SIGNALBOX_RESULT_FILE="a.json"
        )

    task = only_task(job.served)
    dotenv = (job.folder / "a.env").read_text().splitlines()
    assert (run.code, task.title) == (0, ODD)
    assert dotenv == [f"SIGNALBOX_TASK_ID={task.id}", "SIGNALBOX_TASK_STATUS=succeeded"]
    assert json.loads((job.folder / "a.json").read_text())["summary"] == "all is well"
