"""
Everything of `make deploy` that comes before `sam build`: ask what is missing, check it, save it, look at the account.

What is typed is saved before anything is checked, and what is wrong is one sentence with its mend.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authorizer.keys import secret_key
from operations import answers, functions, readiness
from operations.account import Account, NotSaidError
from operations.aws import REGION, session
from operations.draft import Draft
from operations.errors import OperationError
from operations.interview import Interview
from operations.issuers import key_problems
from operations.samconfig import SAMCONFIG, write_region

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from operations.answers import Answers
    from operations.interview import Terminal
    from operations.samconfig import Environment
    from operations.template import Template

PROVIDERS = functions.PROVIDERS
USUAL_REGION = "us-east-1"
SECRET_NAME = "{}/shared-secret"  # noqa: S105 - the name that it gets in Secrets Manager


@dataclass(frozen=True)
class Wishes:
    """What the command line says: answers by the parameter's name, the region, and what need not be asked again."""

    answers: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    accepts_unreachable: bool = False


class Preparation:
    """Makes *environment* ready to be deployed. *terminal* is None where nobody can be asked."""

    def __init__(
        self,
        environment: Environment,
        template: Template,
        terminal: Terminal | None,
        say: Callable[[str], None],
        samconfig: Path = SAMCONFIG,
    ) -> None:
        """
        Take what it works with.

        Raises:
            OperationError: samconfig.toml names no file for the answers.
        """
        if environment.answers is None or not environment.stack_name:
            raise OperationError(
                f"samconfig.toml does not say where {environment.name}'s answers are. Move its parameters into "
                f"environments/{environment.name}.yaml, one a line, and write there stack_name and parameter_overrides "
                f'= ["file://environments/{environment.name}.yaml"].'
            )
        self._environment = environment
        self._path = environment.answers
        self._template = template
        self._terminal = terminal
        self._say = say
        self._samconfig = samconfig
        self._typed_region = ""
        self._account_id = ""
        self._draft = Draft(self._path.with_suffix(".draft.json"))

    def run(self, wishes: Wishes) -> None:
        """
        Ask, check and save.

        Raises:
            OperationError: Something has to be mended first. What was typed is saved.
        """
        said = answers.read(self._path)
        values = {**said.values, **wishes.answers}
        self._check_parameters(said, wishes.answers)
        values = values if values.get(PROVIDERS) else self._interview(values, wishes)
        self._save(said, values)
        self._check(answers.read(self._path))
        self._check_issuers(values[PROVIDERS], wishes)
        account = self._account(wishes)
        self._check_account(account, values)
        if self._environment.region != account.region:
            write_region(self._environment.name, account.region, self._samconfig)
        self._draft.end()

    # ── The answers ──────────────────────────────────────────────────────────────────────────────────

    def _interview(self, values: Mapping[str, str], wishes: Wishes) -> dict[str, str]:
        if self._terminal is None:
            raise OperationError(
                f"{self._shown} does not say whose tokens sign in. Run this in a terminal, and it asks; or copy "
                "Providers from the file of your identity provider in environments/examples/; or say "
                "ARGS=\"--answer 'Providers=[…]'\"."
            )
        self._tell_trouble(wishes)
        interview = Interview(self._terminal, self._template, self._draft, lambda: self._made_secret(wishes))
        return interview.answers(values)

    def _tell_trouble(self, wishes: Wishes) -> None:
        """Say at once what would stop the deployment in the end; it may be mended meanwhile."""
        self._say(f"Five questions for {self._shown}. Enter takes what stands in [ ].")
        if not self._draft.is_empty:
            self._say("What you typed last time stands in [ ].")
        try:
            self._check_stack(self._account(wishes))
        except OperationError as error:
            self._say(f"Before you begin: {error}\nThe answers can be given all the same, and are saved.")

    def _save(self, said: Answers, values: Mapping[str, str]) -> None:
        """Write what is new, and show it. Defaults are left out, unless they stand there already."""
        kept = {
            name: value
            for name, value in values.items()
            if value != self._template.default(name) or said.values.get(name) == value
        }
        unknown = [problem for name in kept if name not in self._template.parameters and name not in said.values
                   for problem in self._template.problems(name, kept[name])]  # fmt: skip
        if unknown:
            raise OperationError(unknown[0])
        if kept == dict(said.values):
            return
        answers.write(self._path, kept, self._template)
        self._say(f"\n{self._shown} says now:\n\n{self._path.read_text(encoding='utf-8')}")
        self._draft.end()

    def _check(self, said: Answers) -> None:
        """Raise OperationError with all that is wrong in the answers themselves, each with its line."""
        self._check_parameters(said)
        found = [f"{self._shown}: {problem}" for problem in functions.problems(said.values, self._template)]
        if found:
            raise OperationError("\n".join(found))
        for note in functions.notes(said.values, self._template):
            self._say(f"Note: {note}")

    def _check_parameters(self, said: Answers, replaced: Collection[str] = ()) -> None:
        """Raise OperationError with what CloudFormation would refuse of the answers that stay, each with its line."""
        found = [
            f"{said.places[name]}: {problem}"
            for name, value in said.values.items()
            if name not in replaced
            for problem in self._template.problems(name, value)
        ]
        if found:
            raise OperationError("\n".join(found))

    def _check_issuers(self, providers: str, wishes: Wishes) -> None:
        for problem in key_problems(providers):
            if problem.is_wrong:
                raise OperationError(f"{self._shown}: {problem}")
            if wishes.accepts_unreachable:
                self._say(f"{problem} Taken as it is.")
            elif not self._agreed(f"{problem}\nIs it right all the same, and within AWS's reach?"):
                raise OperationError(
                    f"{problem} If it is right, and only out of this machine's reach, say ARGS=--accept-unreachable."
                )

    # ── The account ──────────────────────────────────────────────────────────────────────────────────

    def _account(self, wishes: Wishes) -> Account:
        """Return the account, whose credentials are good. Raises OperationError."""
        given = wishes.region or self._environment.region or self._typed_region
        found = session(given or None, self._environment.profile or None)
        if not found.region_name:
            found = session(self._region(), self._environment.profile or None)
        account = Account(found)
        self._account_id = account.id()
        return account

    def _region(self) -> str:
        if self._terminal is None:
            raise OperationError(f"No region is given. {REGION}")
        usual = self._draft.get("region", USUAL_REGION)
        typed = self._terminal.ask(
            f"Which region of AWS? A new AppInstance is in us-east-1 or eu-central-1 [{usual}]: "
        )
        self._typed_region = typed or usual
        self._draft.put("region", self._typed_region)
        return self._typed_region

    def _check_stack(self, account: Account) -> None:
        name = self._environment.stack_name
        problem = readiness.stack_problem(account.stack_status(name), name, self._environment.name)
        if problem:
            raise OperationError(problem)

    def _check_account(self, account: Account, values: Mapping[str, str]) -> None:
        self._say_place(account)
        self._check_stack(account)
        broken = self._template.broken_rules(values, account.region)
        found = [*broken, *readiness.problems(account, values, self._say)]
        if found:
            raise OperationError("\n".join(f"{self._shown}: {problem}" for problem in found))
        self._check_log_role(account, values)

    def _check_log_role(self, account: Account, values: Mapping[str, str]) -> None:
        wanted = values.get("AccessLog") or self._template.default("AccessLog")
        if wanted == "off":
            return
        try:
            role = account.log_role()
        except NotSaidError as error:
            self._say(f"Not checked: {error}")
            return
        problem = readiness.log_role_problem(wanted, role, self._environment.stack_name)
        if not problem:
            return
        if role or not self._agreed(f"{problem}\nIs it to do so?"):
            raise OperationError(f"{self._shown}: {problem}")
        self._save(answers.read(self._path), {**values, "AccessLog": "on-with-account-role"})

    def _made_secret(self, wishes: Wishes) -> str | None:
        """Store the application's secret, or a new one, and return its ARN; None where AWS cannot be asked now."""
        try:
            account = self._account(wishes)
        except OperationError as error:
            self._say(str(error))
            return None
        name = SECRET_NAME.format(self._environment.stack_name)
        there = account.secret(name)
        if there:
            self._say(f"There is one of that name already, {there.arn}: it is taken.")
            return there.arn
        self._say_place(account)
        arn = account.make_secret(name, self._secret_value())
        self._say(
            f"{arn} is made. Your application reads it by: aws secretsmanager get-secret-value --secret-id {name}"
        )
        return arn

    def _secret_value(self) -> str:
        while self._terminal is not None:
            typed = self._terminal.ask_hidden(
                "Your application's secret (it is not shown); Enter for a new, random one: "
            )
            if not typed:
                break
            try:
                secret_key(typed.encode(), "HS256")
            except ValueError as error:
                self._say(f"That cannot be used: {error}.")
            else:
                return typed
        return secrets.token_urlsafe(48)

    def _say_place(self, account: Account) -> None:
        """Say where something is about to be looked at, or made."""
        self._say(f"Account {self._account_id}, {account.region}, stack {self._environment.stack_name}.")

    # ── Talking ──────────────────────────────────────────────────────────────────────────────────────

    def _agreed(self, question: str) -> bool:
        return self._terminal is not None and self._terminal.ask(f"{question} [no]: ").lower() in ("y", "yes")

    @property
    def _shown(self) -> str:
        return "/".join(self._path.parts[-2:])
