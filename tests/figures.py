"""
Print figures of the code that a reader meets: `python -m tests.figures [folder of another checkout]`.

Product code is what runs on AWS, what operators run, and the local stack. Lines are those that are neither blank nor a
comment nor a docstring; shares are of all lines that are not blank.
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("signin_function", "layers", "operations", "local")


@dataclass(frozen=True)
class Module:
    """The figures of one file; the lengths are in lines, docstrings left out."""

    code: int
    docstrings: int
    comments: int
    functions: list[int]
    classes: list[str]
    public: int


def read(path: Path) -> Module:
    """Return the figures of the module at *path*."""
    text = path.read_text()
    tree = ast.parse(text)
    documented = {line for node in ast.walk(tree) for line in docstring_lines(node)}
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    alone = {
        token.start[0]
        for token in tokens
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip()
    }
    blank = {number for number, line in enumerate(text.splitlines(), 1) if not line.strip()}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return Module(
        code=len(text.splitlines()) - len(documented | alone | blank),
        docstrings=len(documented - blank),
        comments=sum(token.type == tokenize.COMMENT for token in tokens),
        functions=[length(node, documented | alone | blank) for node in functions],
        classes=[node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)],
        public=sum(is_public(node) for node in tree.body),
    )


def docstring_lines(node: ast.AST) -> range:
    """Return the lines of the docstring of *node*, and of the texts that document a constant."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return range(0)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef, left_out: set[int]) -> int:
    """Return the lines of the function *node*, its decorators and what is *left_out* not counted."""
    return len(set(range(node.lineno, (node.end_lineno or node.lineno) + 1)) - left_out)


def is_public(node: ast.stmt) -> bool:
    """Say whether *node* gives a module a public name."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return not node.name.startswith("_")
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(target, ast.Name) and not target.id.startswith("_") for target in targets)


def class_names_that_exist_twice(root: Path) -> list[str]:
    """Return the names of public classes that more than one module of the checkout at *root* has."""
    classes = Counter(name for path in product_files(root) for name in read(path).classes if not name.startswith("_"))
    return sorted(name for name, times in classes.items() if times > 1)


def product_files(root: Path) -> list[Path]:
    """Return the Python files of the product at *root*."""
    found = (path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py")))
    return [path for path in found if "node_modules" not in path.parts]


def figures(root: Path) -> dict[str, str]:
    """Return the figures of the checkout at *root*."""
    paths = product_files(root)
    modules = [read(path) for path in paths]
    functions = [size for module in modules for size in module.functions]
    written = sum(module.code + module.docstrings + module.comments for module in modules)
    twice = class_names_that_exist_twice(root)
    longest = max(zip(modules, paths, strict=True), key=lambda pair: pair[0].code)
    return {
        "modules": str(len(modules)),
        "lines of code": str(sum(module.code for module in modules)),
        "longest module": f"{longest[0].code} ({longest[1].relative_to(root)})",
        "function, median and longest": f"{statistics.median(functions):g} and {max(functions)}",
        "docstrings": f"{sum(module.docstrings for module in modules) / written:.0%}",
        "comments": f"{sum(module.comments for module in modules) / written:.0%}",
        "public names a module": f"{statistics.mean(module.public for module in modules):.1f}",
        "class names that exist twice": f"{len(twice)} {', '.join(twice)}".strip(),
        "template.yaml": str(len((root / "template.yaml").read_text().splitlines())),
        "Makefile": str(len((root / "Makefile").read_text().splitlines())),
        "README.md": str(len((root / "README.md").read_text().splitlines())),
    }


if __name__ == "__main__":
    for name, figure in figures(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)).items():
        print(f"{name:32} {figure}")  # noqa: T201 - the command's own output
