"""Checks of a source tree. Each gives, by what breaks the rule, one line that says what to do about it."""

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

PACKAGES = ("asd_core", "cluster", "jobs")
# From the ground up: a folder, or a file that stands alone, imports its own floor and those below it.
FLOORS = (
    ("errors", "settings", "digest", "libraries", "readable", "named_class", "text_files"),
    ("metrics",),
    ("store",),
    ("audio", "clips", "llm"),
    ("encoders", "detectors", "alarms", "messages"),
    ("recipe",),
    ("pipeline", "evaluation"),
    ("captions", "synthesis", "training"),
    ("tuning",),
    ("pages",),
    ("runs", "cluster"),
    ("serving",),
    ("notebook",),
    ("asd_core",),  # the public face, which is asd_core/__init__.py
    ("jobs",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILE_LINES, LINE_CHARACTERS = 250, 120
FIRST_WORDS = {"What", "Of", "Whether", "Where", "Those", "That"}


def sources(root: Path) -> list[Path]:
    return sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))


def module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def import_nodes(text: str) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """All imports of a source text, also inside functions."""
    return tuple(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom))


def imported(path: Path, name: str) -> Iterator[str]:
    """Dotted names of all that a module imports, also inside functions and for type checkers alone."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in import_nodes(path.read_text()):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def import_graph(root: Path) -> dict[str, set[str]]:
    """Module → the modules of the tree that it imports."""
    modules = {module_name(root, path): path for path in sources(root)}
    graph = {}
    for name, path in modules.items():
        targets = (t if t in modules else t.rpartition(".")[0] for t in imported(path, name))
        graph[name] = {target for target in targets if target in modules and target != name}
    return graph


def room(module: str) -> str:
    """The folder or lone file that stands on a floor."""
    parts = module.split(".")
    return parts[1] if parts[0] == "asd_core" and len(parts) > 1 else parts[0]


def rooms_without_floor(root: Path) -> dict[str, str]:
    unplaced = {room(name) for name in import_graph(root)} - set(FLOOR)
    return {name: f"{name} stands on no floor: add it to FLOORS in tests/tree.py" for name in sorted(unplaced)}


def imports_from_above(root: Path) -> dict[str, str]:
    found = {}
    for name, targets in sorted(import_graph(root).items()):
        for target in sorted(targets):
            low, high = FLOOR.get(room(name)), FLOOR.get(room(target))
            if low is not None and high is not None and high > low:
                found[f"{name} -> {target}"] = (
                    f"{name} imports {target}, and {room(target)} stands above {room(name)}: "
                    f"move what both need down to {room(name)} or below it, or hand it in as an argument"
                )
    return found


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that reach one another."""
    beyond = {node: _reachable(edges, node) for node in edges}
    groups = {tuple(sorted(other for other in beyond[n] if n in beyond[other])) for n in edges if n in beyond[n]}
    return sorted(map(list, groups))


def _reachable(edges: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        new = edges[ahead.pop()] - seen
        seen |= new
        ahead += new
    return seen


def file_circles(root: Path) -> dict[str, str]:
    cure = "move what they share into a file below them"
    return {
        " <-> ".join(group): f"{', '.join(group)} import one another: {cure}" for group in circles(import_graph(root))
    }


def folder_circles(root: Path) -> dict[str, str]:
    """Circles of folders, a lone file of asd_core being a folder of its own."""
    folder = {module_name(root, path): _folder(root, path) for path in sources(root)}
    edges: dict[str, set[str]] = {place: set() for place in folder.values()}
    between: dict[tuple[str, str], str] = {}
    for name, targets in sorted(import_graph(root).items()):
        for target in sorted(targets):
            if folder[name] != folder[target]:
                edges[folder[name]].add(folder[target])
                between.setdefault((folder[name], folder[target]), f"{name} imports {target}")
    found = {}
    for group in circles(edges):
        why = "; ".join(line for (one, other), line in between.items() if one in group and other in group)
        found[" <-> ".join(group)] = f"the folders {', '.join(group)} import one another ({why}): cut one of these"
    return found


def _folder(root: Path, path: Path) -> str:
    loose = path.parent == root / "asd_core"
    return str((path.with_suffix("") if loose else path.parent).relative_to(root))


def long_files(root: Path) -> dict[str, str]:
    lines = {str(path.relative_to(root)): len(path.read_text().splitlines()) for path in sources(root)}
    return {
        name: f"{name} has {count} lines, {FILE_LINES} are allowed: split it by what it does"
        for name, count in lines.items()
        if count > FILE_LINES
    }


def sources_without_test(root: Path) -> dict[str, str]:
    found = {}
    for path in sources(root):
        name = path.relative_to(root)
        test = Path("tests", name.parent, f"test_{name.name}")
        if path.name != "__init__.py" and not (root / test).exists():
            found[str(name)] = f"{name} has no test: write {test}, or name a reason in UNTESTED of tests/test_tree.py"
    return found


def tests_without_source(root: Path) -> dict[str, str]:
    """Tests of asd_core that bear the name of no file there; ``test_x_y.py`` may hold a part of what tests ``x.py``."""
    found = {}
    for path in sorted((root / "tests" / "asd_core").rglob("test_*.py")):
        name = path.relative_to(root)
        stems = [source.stem for source in (root / name.parent.relative_to("tests")).glob("*.py")]
        if not any(f"{path.stem}_".startswith(f"test_{stem}_") for stem in stems):
            found[str(name)] = f"{name} tests no file of its name: name it after the source file that it tests"
    return found


def tests_used_as_libraries(root: Path) -> dict[str, str]:
    """Files of tests that import a test module: builders stand in files of their own."""
    found = {}
    for path in sorted((root / "tests").rglob("*.py")):
        name = path.relative_to(root)
        used = {t for t in imported(path, module_name(root, path)) if t.startswith("tests.") and ".test_" in t}
        if used:
            found[str(name)] = (
                f"{name} imports {', '.join(sorted(used))}: move what it takes to a file beside that test"
            )
    return found


def docstrings_that_begin_badly(root: Path) -> dict[str, str]:
    found = {}
    for path in sources(root):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = ((ast.get_docstring(node) or "").split() or [""])[0].strip(",.:;")
                if first in FIRST_WORDS:
                    name = path.relative_to(root)
                    line = (
                        f"{name}:{getattr(node, 'lineno', 1)}: a docstring begins with {first!r}: name the thing first"
                    )
                    found[str(name)] = "\n".join(filter(None, [found.get(str(name)), line]))
    return found


def documents_with_long_lines(root: Path) -> dict[str, str]:
    """Rows of tables are left alone: Markdown has no way to wrap them."""
    found = {}
    for path in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        lines = enumerate(path.read_text().splitlines(), 1)
        numbers = [str(n) for n, line in lines if len(line) > LINE_CHARACTERS and not line.startswith("|")]
        name = str(path.relative_to(root))
        if numbers:
            found[name] = f"{name}: wrap at {LINE_CHARACTERS} characters the lines {', '.join(numbers)}"
    return found


def unlisted(found: dict[str, str], listed: Collection[str] = ()) -> list[str]:
    """Lines of what a list of exceptions does not name, and of entries that nothing needs any more."""
    stale = [
        f"{name} breaks this rule no more: take it out of the list of exceptions" for name in set(listed) - set(found)
    ]
    return [line for name, line in found.items() if name not in listed] + sorted(stale)
