"""
The five questions of `make deploy`, each with what it is about and an example.

What is typed is kept in a draft from one run to the next, until the answers are saved. Whatever is wrong is said by the
code that will look at it in the end, and asked again.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol

from authorizer.presets import PRESETS
from operations import tokens
from operations.errors import OperationError
from operations.functions import problems, provider_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authorizer.preset import PresetOption
    from operations.draft import Draft
    from operations.template import Template

PROVIDERS: Mapping[str, str] = {
    "auth0": "Auth0",
    "cognito": "Amazon Cognito",
    "entra": "Microsoft Entra ID",
    "okta": "Okta",
    "firebase": "Firebase Authentication",
    "google": "Google",
    "clerk": "Clerk",
    "supabase": "Supabase",
    "keycloak": "Keycloak",
    "oidc": "another provider that speaks OpenID Connect",
    "shared-secret": "my own application, which signs them with a secret (HS256)",
}
"""The presets, in the order in which they are offered; a test holds them against the authorizer's."""
HINTS: Mapping[str, str] = {
    "audience": "The tokens' \"aud\" claim: https://api.example.com, or an application's id.",
    "token_use": "Which of its tokens are sent?",
    "cloud": "Which of Microsoft's clouds?",
}
"""For options of which the authorizer says nothing, or something for another occasion."""
WANTED: Mapping[str, tuple[str, ...]] = {
    "auth0": ("audience",),
    "oidc": ("audience",),
    "shared-secret": ("secret_arn", "audience"),
}
"""What is asked beside what the preset itself lists."""
_OPTION = re.compile(r"PROVIDERS\[(\d+)\]\.(\w+) (.*)", re.DOTALL)


class Terminal(Protocol):
    """Whoever answers."""

    def say(self, text: str) -> None:
        """Show *text*."""

    def ask(self, prompt: str) -> str:
        """Return the line that is typed, without blanks around it."""

    def ask_hidden(self, prompt: str) -> str:
        """Return a line, or what is pasted, without showing it. It may be longer than a terminal's line."""


class Interview:
    """Asks for the answers of one environment."""

    def __init__(
        self, terminal: Terminal, template: Template, draft: Draft, make_secret: Callable[[], str | None]
    ) -> None:
        """*make_secret* makes a shared secret and returns its ARN; None if it cannot be done now."""
        self._terminal = terminal
        self._template = template
        self._draft = draft
        self._make_secret = make_secret

    def answers(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return *given* with answers for what is missing in it. Raises OperationError if nobody answers."""
        values = {**given, **self._providers()}
        self._terminal.say("\n2 of 5. Web origins: where your web application is loaded from, if there is one.")
        values = self._parameter(values, "AllowedOrigins", "Origins, https://app.example.com,http://localhost:5173")
        self._terminal.say("\n3 of 5. An AppInstance holds your users and channels. Is there one already?")
        values = self._parameter(values, "ChimeAppInstanceArn", "Its ARN; Enter for a new one")
        self._terminal.say("\n4 of 5. Channels: minimal reads and writes; member also opens them, invites and edits.")
        values = self._parameter(values, "Messaging", "minimal or member")
        self._terminal.say(
            "\n5 of 5. Meetings (video and voice), which people enter by a room's name: none, open (whoever\n"
            "may enter a room opens it) or hosted (only hosts open rooms)."
        )
        return self._parameter(values, "Meetings", "none, open or hosted", self._hosts)

    def _parameter(
        self, values: dict[str, str], name: str, prompt: str, more: Callable[[dict[str, str]], dict[str, str]] = dict
    ) -> dict[str, str]:
        """Return *values* with what is typed for a parameter, and with what *more* then asks because of it."""
        usual = values.get(name) or self._template.default(name)
        # What was wrong before is told when all is checked, and no answer to this question mends it.
        before = problems(values, self._template)
        while True:
            answered = self._asked(name, prompt, usual).replace(", ", ",")
            changed = more({**values, name: answered})
            found = problems(changed, self._template)
            wrong = self._template.problems(name, answered) or [each for each in found if each not in before]
            if not wrong:
                return changed
            self._complain(name, wrong[0])

    def _hosts(self, values: dict[str, str]) -> dict[str, str]:
        if values["Meetings"] != "hosted":
            return values
        self._terminal.say(
            "Who are hosts? The roles that they have in their tokens, separated by commas: teacher,staff"
        )
        typed = self._asked("host_roles", "Roles of hosts", "")
        roles = {"host_roles": [role.strip() for role in typed.split(",") if role.strip()]} if typed else {}
        entries = [{**entry, **roles} for entry in json.loads(values["Providers"])]
        return {**values, "Providers": json.dumps(entries)}

    # ── Whose tokens ─────────────────────────────────────────────────────────────────────────────────

    def _providers(self) -> dict[str, str]:
        listed = [f"  {number:2} {name:14}{label}" for number, (name, label) in enumerate(PROVIDERS.items(), 1)]
        self._terminal.say(
            "\n1 of 5. Whose tokens sign your users in? A number or a name; or the word token, to have it read\n"
            'from a token that you paste: its "iss" and "aud". Nothing of it is kept.\n' + "\n".join(listed)
        )
        entries = [self._provider([])]
        while self._asked(f"more than {len(entries)}", "Do another provider's tokens sign in, too?", "no") in (
            "y",
            "yes",
        ):
            entries.append(self._provider(_keeping(entries)))
        secrets = {str(entry["secret_arn"]) for entry in entries if "secret_arn" in entry}
        shared = {"SharedSecretArn": secrets.pop()} if secrets else {}
        return {"Providers": json.dumps(entries), **shared}

    def _provider(self, others: list[dict[str, Any]]) -> dict[str, Any]:
        place = f"provider {len(others) + 1}"
        preset, suggested = self._preset(place)
        entry: dict[str, Any] = {"name": "main" if not others else f"{preset}-{len(others) + 1}", "preset": preset}
        options = {option.name: option for option in PRESETS[preset].options}
        wanted = [name for name, option in options.items() if not option.optional or name in suggested]
        for name in dict.fromkeys([*wanted, *WANTED.get(preset, ())]):
            entry = self._option(place, entry, name, options.get(name), _text(suggested.get(name)))
        while True:
            wrong = provider_problem([*others, entry])
            said = _OPTION.fullmatch(wrong or "")
            if wrong is None:
                return entry
            if said is None or int(said[1]) != len(others):
                raise OperationError(f"{wrong} Write Providers yourself: docs/identity-providers.md.")
            name = said[2]
            self._terminal.say(f"{name} {said[3]}")
            self._draft.forget(f"{place}: {name}")
            entry = self._option(place, entry, name, options.get(name), "")

    def _preset(self, place: str) -> tuple[str, Mapping[str, Any]]:
        names = list(PROVIDERS)
        while True:
            chosen = self._asked(place, "Whose tokens", "").lower()
            if chosen == "token":
                self._draft.forget(place)
                found = self._read_token()
                if found:
                    self._draft.put(place, found.preset)
                    return found.preset, found.options
            elif chosen.isascii() and chosen.isdigit() and 1 <= int(chosen) <= len(names):
                return names[int(chosen) - 1], {}
            elif chosen in names:
                return chosen, {}
            else:
                self._complain(place, f"There is no {chosen or 'answer'}. Type a number from 1 to {len(names)}.")

    def _read_token(self) -> tokens.TokenSays | None:
        try:
            found = tokens.read(self._terminal.ask_hidden("Paste it (it is not shown), and press Enter: "))
        except OperationError as error:
            self._terminal.say(str(error))
            return None
        read = "".join(f"\n  {name}: {_text(value)}" for name, value in found.options.items())
        self._terminal.say(f"It is of {PROVIDERS[found.preset]} ({found.preset}), unverified.{read}")
        return found

    def _option(
        self, place: str, entry: dict[str, Any], name: str, option: PresetOption | None, usual: str
    ) -> dict[str, Any]:
        """Return the provider's *entry* with what is typed for an option; without it, if that is nothing."""
        if name == "secret_arn":
            return self._secret(place, entry)
        hint = HINTS.get(name) or (option.hint if option else name)
        if option and option.choices:
            hint, usual = f"{hint} {' or '.join(option.choices)}.", usual or option.choices[0]
        if name == "audience" and entry["preset"] == "shared-secret":
            hint = 'The tokens\' "aud" claim, which tells sign-ins from all else that is signed so. Enter for none.'
        self._terminal.say(hint)
        typed = self._asked(f"{place}: {name}", name, usual)
        rest = {key: value for key, value in entry.items() if key != name}
        several = option is not None and option.several and "," in typed
        value = [part.strip() for part in typed.split(",") if part.strip()] if several else typed
        return {**rest, name: value} if value else rest

    def _secret(self, place: str, entry: dict[str, Any]) -> dict[str, Any]:
        key = f"{place}: secret_arn"
        hint = "The ARN of the secret in Secrets Manager. Enter to make one there."
        self._terminal.say(hint)
        arn = self._asked(key, "secret_arn", "") or self._make_secret()
        if not arn:
            raise OperationError(
                "A secret can be made when AWS takes your credentials. What you have typed is kept: sign in, and run "
                "make deploy again."
            )
        self._draft.put(key, arn)
        return {**entry, "secret_arn": arn}

    # ── Asking ───────────────────────────────────────────────────────────────────────────────────────

    def _asked(self, key: str, prompt: str, usual: str) -> str:
        """Return what is typed, or, for Enter, what was typed before or is usual."""
        offered = self._draft.get(key, usual)
        typed = self._terminal.ask(f"{prompt}{f' [{offered}]' if offered else ''}: ") or offered
        self._draft.put(key, typed)
        return typed

    def _complain(self, key: str, why: str) -> None:
        self._draft.forget(key)
        self._terminal.say(why)


def _keeping(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have the users of the first provider keep their ids, where they can: of several providers one has to say so."""
    first = entries[0]
    if "keep_subject" not in first:
        first["keep_subject"] = True
        if provider_problem(entries):
            first["keep_subject"] = False
    return entries


def _text(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value or "")
