"""Read one entry of PROVIDERS, option by option, so that what is wrong can be named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authorizer.errors import SettingsError
from authorizer.https import is_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping


def whole_number(setting: str, value: object, least: int, most: int) -> int:
    """Return *value* if it is a whole number from *least* to *most*, or raise SettingsError for *setting*."""
    # In Python a boolean is an int; in a setting it is a mistake.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SettingsError(f"{setting} is no whole number from {least} to {most}. Write one, without quotes.")
    return value


def boolean(setting: str, value: object) -> bool:
    """Return *value* if it is true or false, or raise SettingsError for *setting*."""
    if not isinstance(value, bool):
        raise SettingsError(f"{setting} is neither true nor false. Write one of them, without quotes.")
    return value


class ProviderOptions:
    """
    The options of one entry of PROVIDERS. `path` is where the entry stands, such as PROVIDERS[0], for error texts.

    Each method that reads an option raises SettingsError if the option is wrong. The error says which, why,
    and what to write instead; that last part is the *hint* where only the caller knows it.
    """

    def __init__(self, path: str, entry: Mapping[str, Any], notes: list[str] | None = None) -> None:
        """Take *entry*, and put what is odd, but no error, into *notes*."""
        self.path = path
        self.notes = [] if notes is None else notes
        self._entry = dict(entry)

    def given(self, names: tuple[str, ...]) -> list[str]:
        """Return those of *names* that are given."""
        return [name for name in names if name in self._entry]

    def with_defaults(self, defaults: Mapping[str, Any]) -> ProviderOptions:
        """Return these options, with *defaults* for those that are not given."""
        return ProviderOptions(self.path, {**defaults, **self._entry}, self.notes)

    def with_changes(self, changes: Mapping[str, Any]) -> ProviderOptions:
        """Return these options, with *changes* in place of those that are given."""
        return ProviderOptions(self.path, {**self._entry, **changes}, self.notes)

    def wrong(self, option: str, why: str) -> SettingsError:
        """Return the error for *option*; *why* also says what to write instead."""
        return SettingsError(f"{self.path}.{option} {why}")

    def note(self, option: str, what: str) -> None:
        """Tell operators *what* is odd about *option*, which is no error."""
        self.notes.append(f"{self.path}.{option} {what}")

    def check_known(self, known: set[str]) -> None:
        """
        Check that every option is one of *known*, and has a value.

        Raises:
            SettingsError: One is not, or is empty: taken for "not given", a requirement would be lost unseen.
        """
        unknown = sorted(self._entry.keys() - known)
        if unknown:
            raise self.wrong(unknown[0], f"is not an option. Options are: {', '.join(sorted(known))}.")
        empty = [name for name, value in self._entry.items() if value in ("", None)]
        if empty:
            raise self.wrong(empty[0], "is empty. Write its value, or leave the option out.")

    def has(self, option: str) -> bool:
        """Say whether *option* is given."""
        return option in self._entry

    def raw(self, option: str) -> Any:
        """Return *option* as it is; None if it is not given."""
        return self._entry.get(option)

    def text(self, option: str, hint: str, default: str | None = None) -> str:
        """Return a text."""
        value = self._entry.get(option, default)
        if not isinstance(value, str):
            raise self.wrong(option, f"is {'missing' if value is None else 'not a text'}. {hint}")
        return value

    def texts(self, option: str, hint: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts, at least one. A single text counts as a list of one."""
        value = self._entry.get(option)
        if value is None and default is not None:
            return default
        if value is None:
            raise self.wrong(option, f"is missing. {hint}")
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not listed or not all(isinstance(item, str) and item for item in listed):
            raise self.wrong(option, f"is neither a text nor a list of texts. {hint}")
        return tuple(listed)

    def boolean(self, option: str, *, default: bool) -> bool:
        """Return true or false."""
        return boolean(f"{self.path}.{option}", self._entry.get(option, default))

    def whole_number(self, option: str, least: int, most: int, default: int) -> int:
        """Return a whole number from *least* to *most*."""
        return whole_number(f"{self.path}.{option}", self._entry.get(option, default), least, most)

    def choice(self, option: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of *choices*."""
        value = self._entry.get(option, default)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(option, f"is not known. Write one of: {', '.join(choices)}.")
        return value

    def url(self, option: str, hint: str) -> str:
        """Return an address that may be fetched: https, or http to this machine."""
        url = self.text(option, hint)
        if not is_allowed(url):
            raise self.wrong(option, "is not an https URL without credentials. Write https://…")
        return url

    def claim_constraints(self, option: str) -> dict[str, tuple[object, ...]]:
        """Return claims by name or path, and the values of which each must hold one."""
        value = self._entry.get(option, {})
        if not isinstance(value, dict):
            raise self.wrong(option, 'is no object. Write claims and their values: {"email_verified": [true]}.')
        constraints = {claim: tuple(held if isinstance(held, list) else [held]) for claim, held in value.items()}
        for claim, held in constraints.items():
            if not held or not all(isinstance(one, (str, int, bool)) for one in held):
                raise self.wrong(f"{option}.{claim}", "has no values, or such as no claim has. Write texts or numbers.")
        return constraints
