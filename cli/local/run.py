"""Run the local stack: report progress, and stop on request."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from cli.errors import CommandError
from cli.local import instance
from cli.local.instance import LocalInstance
from cli.local.log_group import LogGroup
from cli.local.logs import LogFollower
from cli.local.options import LocalOptions
from cli.local.seed import seed_local_stack
from cli.local.stack import Deployed, LocalStack

_START_SECONDS = 300
_STOP_SECONDS = 60


def run_in_foreground(options: LocalOptions, *, reset: bool, follow: bool) -> None:
    """Run until Ctrl-C or `signalbox down`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with instance.exclusive(options.home):
            if reset:
                _delete_state(options.home)
            _run(options, follow=follow)
    except KeyboardInterrupt:
        print("\nStopped; the state is kept.")


def run_in_background(options: LocalOptions, *, reset: bool) -> None:
    """Start it and return when it is ready."""
    with instance.exclusive(options.home):
        log = options.home / "up.log"
        log.unlink(missing_ok=True)
        log.touch(mode=0o600)  # it shows the API key
    command = [
        sys.executable,
        "-m",
        "cli",
        "up",
        f"--port={options.port}",
        f"--home={options.home}",
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, *(["--reset"] if reset else [])],
            cwd=options.project,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + _START_SECONDS
    while (running := instance.find_instance(options.home)) is None:
        if process.poll() is not None or time.monotonic() > until:
            raise CommandError(f"the local stack did not start:\n{log.read_text().strip()}")
        time.sleep(0.1)
    _show(running)
    print(f"\n`signalbox down` stops it; its log is {log}.")


def stop_stack(home: Path, *, reset: bool) -> None:
    """Stop it and wait until the state is saved."""
    process = instance.lock_holder(home)
    if process:
        os.kill(process, signal.SIGTERM)
        if not instance.wait_until_free(home, _STOP_SECONDS):
            raise CommandError(f"process {process} does not stop")
    print("Stopped." if process else "Signalbox is not up.")
    if reset:
        _delete_state(home)
        print("Its state is gone.")


def _run(options: LocalOptions, *, follow: bool) -> None:
    started = time.monotonic()
    print("Starting the local cloud …", flush=True)
    with LocalStack(options=options) as stack:
        print("Building and deploying template.yaml …", flush=True)
        deployed = stack.deploy()
        running = LocalInstance.of(options, seed_local_stack(deployed, options.home).notes)
        instance.publish(options.home, running)
        print(f"Ready after {time.monotonic() - started:.1f} s.\n")
        _show(running)
        print("\nCtrl-C stops it and keeps its state.\n", flush=True)
        _wait(stack, deployed if follow else None)


def _wait(stack: LocalStack, followed: Deployed | None) -> None:
    """Wait until an interrupt."""
    lines = LogFollower(source=LogGroup.of(followed)).new_lines if followed else tuple
    while True:
        stack.cloud.require_alive()
        for line in lines():
            print(line, flush=True)
        time.sleep(1)


def _show(running: LocalInstance) -> None:
    lines = [
        ("Dashboard", f"{running.base_url}/"),
        ("API", running.base_url),
        ("Echo target", f"{running.echo_url}/received"),
        ("AWS endpoint", running.endpoint_url),
        *((note.label, note.text) for note in running.notes),
    ]
    for label, text in lines:
        print(f"  {label:<13} {text}")


def _delete_state(home: Path) -> None:
    shutil.rmtree(home / "cloud", ignore_errors=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
