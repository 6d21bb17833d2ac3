"""
Give Python the regular expressions that a start uses, as they were compiled when the layer was built.

Whoever calls `re.compile` gets what is here, if pattern and flags are the same, and else what Python compiles, as ever.
expressions.py puts this module into a layer, with compiled_expressions, which it writes. The functions import it before
all else; without it, or on a Python that lacks one of the names of its own that are imported here, they do without.
"""

from _sre import CODESIZE, MAGIC, compile  # noqa: A004 - the name that Python's own compiler calls
from contextlib import suppress
from re import _cache

from compiled_expressions import ENGINE, EXPRESSIONS


def give() -> None:
    """Put them where `re.compile` looks first."""
    for pattern, flags_given, flags, code, names in EXPRESSIONS:
        groups = {name: number for number, name in enumerate(names) if name}
        words = memoryview(code).cast("I").tolist()
        _cache[type(pattern), pattern, flags_given] = compile(pattern, flags, words, len(names) - 1, groups, names)


# RuntimeError is the engine's: it looks through the code, and refuses what it does not know. The others come from what
# has another form than this module reads. What is not brought is compiled, as ever.
if ENGINE == (MAGIC, CODESIZE):
    with suppress(RuntimeError, TypeError, ValueError, OverflowError):
        give()
