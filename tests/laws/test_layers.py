"""A module imports only what lies below it.

The contracts are those of `[tool.importlinter]` in pyproject.toml, read from there. They are kept here by
direct imports alone, so that the default run needs no import-linter; since every module is in a layer
(which is tested too), a chain of imports that leads upward has a direct one that does.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
PACKAGES: list[str] = SETTINGS["importlinter"]["root_packages"]
CONTRACTS: dict[str, dict[str, Any]] = {contract["id"]: contract for contract in SETTINGS["importlinter"]["contracts"]}
# Layer, and its neighbor: what is in one line joined by `|` does not know each other.
Place = tuple[int, str]


def modules(root: Path) -> dict[str, Path]:
    """The modules of our packages under `root`, by dotted name; migrations only follow the models."""
    found = {}
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(module: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """What a module imports, in functions and for type checking too; one of ours, down to the module."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{source}.{alias.name}" if f"{source}.{alias.name}" in known else source


def within(module: str, ancestor: str) -> bool:
    return module == ancestor or module.startswith(f"{ancestor}.")


def places(layers: list[str], container: str = "") -> dict[str, Place]:
    """Each module that a contract names, with the layer it is in, counted from the top."""
    found = {}
    for depth, layer in enumerate(layers):
        for part in layer.replace("|", ":").split(":"):
            name = part.strip().strip("()")
            neighbor = name if "|" in layer else ""
            found[f"{container}.{name}" if container else name] = (depth, neighbor)
    return found


def place(module: str, among: dict[str, Place]) -> Place | None:
    named = [name for name in among if within(module, name)]
    return among[max(named, key=len)] if named else None


def upward(root: Path, among: dict[str, Place]) -> list[str]:
    """Imports of a module that is higher, or beside the importer in a line of strangers."""
    known = modules(root)
    found = []
    for module, path in known.items():
        here = place(module, among)
        if here is None:
            continue
        for imported in imports(module, path, known):
            there = place(imported, among)
            if there is not None and (there[0] < here[0] or (there[0] == here[0] and there[1] != here[1])):
                found.append(f"{module} imports {imported}")
    return sorted(set(found))


def between_apps(root: Path) -> list[str]:
    return upward(root, places(CONTRACTS["apps"]["layers"]))


def between_packages(root: Path) -> list[str]:
    """Of accounts."""
    return upward(root, places(CONTRACTS["accounts"]["layers"], "accounts"))


def inside_apps(root: Path) -> list[str]:
    inside = CONTRACTS["inside"]
    return [
        finding for container in inside["containers"] for finding in upward(root, places(inside["layers"], container))
    ]


def unplaced(root: Path) -> list[str]:
    """Modules that are in no layer: nothing would be asked of what they import."""
    apps, inside = CONTRACTS["apps"], CONTRACTS["inside"]
    homes = places(apps["layers"])
    for container in inside["containers"]:
        homes |= places(inside["layers"], container)
    homes |= places(CONTRACTS["accounts"]["layers"], "accounts")
    containers = {*PACKAGES, *inside["containers"]}
    for container in containers & homes.keys():
        del homes[container]  # being in the app is not yet being in one of its layers
    return sorted(module for module in modules(root) if module not in containers and place(module, homes) is None)


def web_outside_api(root: Path) -> list[str]:
    http = CONTRACTS["http"]
    known = modules(root)
    return sorted(
        f"{module} imports {imported}"
        for module, path in known.items()
        if not any(within(module, allowed) for allowed in http["allowed_importers"])
        for imported in imports(module, path, known)
        if any(within(imported, protected) for protected in http["protected_modules"])
    )


LAWS = [between_apps, between_packages, inside_apps, unplaced, web_outside_api]


@pytest.mark.parametrize("law", LAWS)
def test_no_module_imports_upward(law):
    assert law(ROOT) == []


@pytest.mark.parametrize(
    ("law", "module", "source"),
    [
        (between_apps, "accounts/permissions/services/grants.py", "from productions.models import Production"),
        (between_apps, "productions/services/publish.py", "def late():\n    import scheduling.models"),
        (between_apps, "media_library/models.py", "from ticketing import models"),
        (between_apps, "theater_site/core/runner.py", "import theater_site.api.views"),
        (between_apps, "theater_site/core/runner.py", "from .. import wiring"),
        (between_packages, "accounts/users/models/users.py", "from accounts.permissions.services import grants"),
        (between_packages, "accounts/audit/services/sealing.py", "import accounts.notifications"),
        (inside_apps, "accounts/permissions/models/sections.py", "from accounts.permissions.services import grants"),
        (inside_apps, "accounts/permissions/rules/dates.py", "from .. import models"),
        (inside_apps, "ticketing/selectors/seats.py", "from ..api.views import SeatView"),
        (unplaced, "accounts/helpers.py", ""),
        (unplaced, "theater_site/tools.py", ""),
        (web_outside_api, "scheduling/services/calls.py", "from rest_framework.exceptions import NotFound"),
        (web_outside_api, "theater_site/core/errors.py", "import rest_framework"),
    ],
)
def test_a_forbidden_import_is_detected(law, module, source, tmp_path):
    for planted, text in {
        "accounts/permissions/services/__init__.py": "",
        "accounts/permissions/services/grants.py": "",
        "accounts/permissions/models/__init__.py": "",
        "accounts/notifications/__init__.py": "",
        "productions/models.py": "",
        "scheduling/models.py": "",
        "ticketing/models.py": "",
        "ticketing/api/views.py": "",
        "theater_site/wiring.py": "import accounts.permissions.services.grants",
        "theater_site/api/views.py": "import rest_framework, theater_site.core",
    }.items():
        path = tmp_path / planted
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert law(tmp_path) == []

    offender = tmp_path / module
    offender.parent.mkdir(parents=True, exist_ok=True)
    offender.write_text(source)
    assert law(tmp_path) != []


def test_every_folder_of_tests_is_run():
    # A new folder either runs by default or is named here, with the other way in which it runs.
    run_by_ci = {"tests/ci", "tests/benchmarks"}
    folders = {"/".join(path.relative_to(ROOT).parts[:2]) for path in (ROOT / "tests").rglob("test_*.py")}
    assert folders <= {*SETTINGS["pytest"]["ini_options"]["testpaths"], *run_by_ci}
