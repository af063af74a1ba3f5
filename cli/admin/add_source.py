"""The implementation of `signalbox sources add`."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, Field, ValidationError

from cli.admin.audit import command_audit
from cli.admin.hooks import HOOK_APIS, CreatedHook, HookApi, NewHook, check_reachable, create_hook
from cli.admin.secrets import SecretInput
from cli.admin.sources import AddSource, generated_secret
from cli.errors import CommandError
from cli.output import Output
from cli.stack import Stack
from cli.webhooks.send import provider_named
from signalbox.models.provider_setup import SecretForm, webhook_path
from signalbox.models.source import Source
from signalbox.models.validation_errors import describe_errors
from signalbox.runtime.registry import providers
from signalbox.services.ports.deliveries import Provider

_REPOSITORY: Final = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*")
_SECRET_OF_SERVICE: Final = "the one that the service shows"  # noqa: S105  a description of one


class SourceSetup(BaseModel):
    """A source, and what to enter in the settings of the service.

    `secret` is a generated one, which is shown only once. `events` are those that the source reads;
    `steps` have the names that the service has for them. `hook` was created by its API.
    """

    provider: str
    name: str
    url: str
    secret: str | None = Field(default=None, repr=False)
    events: tuple[str, ...]
    steps: tuple[str, ...] = ()
    hook: CreatedHook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookOptions:
    """The repository for which a webhook is created, and where its service is."""

    repository: str
    api_url: str | None = None
    token_variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSourceOptions:
    """The options of a user. `variable` is the environment variable with the secret."""

    provider: str
    name: str
    events: Sequence[str] = ()
    variable: str | None = None
    hook: HookOptions | None = None

    def source(self) -> Source:
        """Return the source.

        Raises:
            CommandError: It is not valid.
        """
        try:
            return Source(provider=self.provider, name=self.name, events=tuple(self.events))
        except ValidationError as invalid:
            ((path, reason), *_) = describe_errors(invalid, Source)
            raise CommandError(f"{path}: {reason}") from None


def add_source(stack: Stack, options: AddSourceOptions, output: Output) -> None:
    """Add the source and its secret, and print what to do in the settings of the service.

    Raises:
        CommandError: Something is not valid, and nothing was changed; or the service refused the
            webhook, and the instructions were printed.
    """
    provider = provider_named(options.provider)
    source = options.source()
    adding = AddSource(
        config=stack.config,
        secrets=stack.secrets,
        providers=providers(),
        changing=command_audit(stack),
    )
    stored = adding.check(source)
    current = adding.secret_of(source)
    if current and not options.hook:
        name = source.secret_name
        raise CommandError(f"{name} has a secret; `signalbox secrets rotate {name}` changes it")
    run = _AddSource(stack=stack, provider=provider, options=options, adding=adding, output=output)
    target = run.hook_target() if options.hook else None
    new = None if current else run.new_secret()
    if new:
        provider.check_secret(new)
    if stored is None:
        adding.add(source)
    if new:
        adding.store_secret(source, new)
    setup = run.setup(stored or source, new)
    if target:
        run.create_hook(target, setup, secret=new or current or "")
    else:
        run.explain(setup, has_secret=new is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _HookTarget:
    api: HookApi
    options: HookOptions
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _AddSource:
    stack: Stack
    provider: Provider
    options: AddSourceOptions
    adding: AddSource
    output: Output

    @property
    def url(self) -> str:
        return self.stack.base_url + webhook_path(self.provider.name, self.options.name)

    def hook_target(self) -> _HookTarget:
        """Return where the webhook is created, after checks that need no request."""
        options, api = self.options.hook, HOOK_APIS.get(self.provider.name)
        if options is None or api is None:
            known = ", ".join(HOOK_APIS)
            raise CommandError(f"--repository is for {known}, not for {self.provider.name}")
        if not _REPOSITORY.fullmatch(options.repository):
            raise CommandError(f"{options.repository!r} is not of the form octo-org/site")
        variable = options.token_variable or api.variable
        token = os.environ.get(variable, "").strip()
        if not token:
            raise CommandError(f"the environment variable {variable} has no token of {api.title}")
        check_reachable(api, self.url, options.api_url or api.url)
        return _HookTarget(api=api, options=options, token=token)

    def new_secret(self) -> str | None:
        """Return the secret to store, None if the service has to issue it first."""
        if self.options.variable:
            return SecretInput(variable=self.options.variable).read()
        form = self.provider.setup.secret
        return None if form is SecretForm.ISSUED else generated_secret(form)

    def setup(self, source: Source, secret: str | None) -> SourceSetup:
        setup = self.provider.setup
        events = setup.selected_events(self.provider.events, source.events)
        generated = None if self.options.variable else secret
        variable = self.options.variable
        shown = generated or (f"the one in ${variable}" if variable else _SECRET_OF_SERVICE)
        return SourceSetup(
            provider=source.provider,
            name=source.name,
            url=self.url,
            secret=generated,
            events=events,
            steps=setup.instructions(url=self.url, secret=shown, events=events, source=source.key),
        )

    def create_hook(self, target: _HookTarget, setup: SourceSetup, *, secret: str) -> None:
        """Create the webhook; if that fails, print how to do it by hand.

        Raises:
            CommandError: The service refused it.
            Unreachable: The service did not answer.
        """
        new = NewHook(url=self.url, secret=secret, events=setup.events)
        repository = target.options.repository
        try:
            hook = create_hook(
                target.api, repository, new, token=target.token, api_url=target.options.api_url
            )
        except CommandError:
            if setup.secret:
                self.explain(setup, has_secret=True)
            raise
        done = setup.model_copy(update={"hook": hook, "secret": None, "steps": ()})
        self.output.line(
            done, f"{target.api.title} sends {', '.join(hook.events)} of {repository} to {hook.url}"
        )
        self.output.note(f"created the webhook {hook.id}")

    def explain(self, setup: SourceSetup, *, has_secret: bool) -> None:
        """Print the steps, and ask for a secret that the service issues."""
        numbered = (f"{number}. {step}" for number, step in enumerate(setup.steps, 1))
        self.output.line(setup, "\n".join(numbered))
        key = f"{setup.provider}/{setup.name}"
        if setup.secret:
            self.output.note("the secret is not shown again; it takes effect within five minutes")
        elif not has_secret and _is_interactive() and not self.output.json:
            source = Source(provider=setup.provider, name=setup.name)
            self.adding.store_secret(source, SecretInput().read())
            has_secret = True
        if not has_secret:
            self.output.note(f"next: `signalbox secrets set sources/{key}`")
        self.output.note(f"`signalbox sources verify {key}` checks the endpoint")


def _is_interactive() -> bool:
    return sys.stdin.isatty()
