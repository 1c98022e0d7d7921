"""Laws over the source that no general linter knows.

Each is shown to catch a planted offender, and to let the allowed form pass; where a law has exceptions, they
are listed here with their reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "productions", "directory", "scheduling", "ticketing", "media_library")
PACKAGES = ("theater_site", *APPS)
TEXTS = (".ci", "docs", "tests", *PACKAGES)
LONGEST_FILE = 600


class Source(NamedTuple):
    """A file as the laws see it: its path from the repository's root, and its text."""

    path: str
    text: str

    @property
    def layer(self) -> str:
        """`services` of `ticketing/services/holds.py`, `accounts/users/services/profiles.py` and `ticketing/services.py`."""
        parts = self.path.split("/")
        depth = 2 if parts[0] == "accounts" and len(parts) > 3 and parts[1] != "management" else 1
        return parts[depth].removesuffix(".py") if len(parts) > 1 else ""

    @property
    def in_app(self) -> bool:
        return self.path.startswith(tuple(f"{app}/" for app in APPS))

    @property
    def in_package(self) -> bool:
        return self.path.startswith(tuple(f"{package}/" for package in PACKAGES))

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(ast.parse(self.text)) if self.path.endswith(".py") else iter(())


Finding = str
Law = Callable[[Source], Iterator[Finding]]


def sources() -> list[Source]:
    """Every text file of ours: code without migrations, documents, and the files beside manage.py."""
    beside = [path for path in ROOT.iterdir() if path.suffix in {".py", ".md", ".toml"} or path.name == "LICENSE"]
    below = [path for folder in TEXTS for path in (ROOT / folder).rglob("*") if path.is_file()]
    binary = {".pyc", ".png", ".jpg", ".webp", ".gz", ".mo", ".ttf"}
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(beside + below)
        if path.suffix not in binary and "migrations" not in path.parts
    ]


# --- How a node reads ---------------------------------------------------------------------------------------


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of names, calls and subscripts in it left out: `Seat.objects.filter(x).update`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    return ""


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    for node in source.nodes():
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def imported(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes():
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def strings(source: Source) -> Iterator[tuple[int, str]]:
    """Strings that are used, not docstrings. What an f-string fills in reads `x`."""
    tree = ast.parse(source.text)
    idle = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in idle:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
            yield node.lineno, "".join(str(part) for part in parts)


# --- The laws -----------------------------------------------------------------------------------------------

MACHINE_PATH = re.compile(r"(?<![\w.~>/:-])/(?:home|root|work|Users|mnt|srv)/\w|\b[A-Z]:\\\\?Users")
# In pieces, so that this file passes its own law.
REGISTRY = re.compile(
    "|".join(["py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(?:org|com)", r"crates" + r"\.io"])
)


def no_path_of_a_machine(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        if MACHINE_PATH.search(line):
            yield f"{number}: {line.strip()[:80]}"


def no_registry_host(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        if REGISTRY.search(line):
            yield f"{number}: {line.strip()[:80]}"


def no_file_of_two_stories(source: Source) -> Iterator[Finding]:
    lines = source.text.count("\n")
    if source.path.endswith(".py") and lines > LONGEST_FILE:
        yield f"{lines} lines"


def receivers_are_listed_in_wiring(source: Source) -> Iterator[Finding]:
    """The core connects the recorder to Django's model signals; all else is one list."""
    if not source.in_package or source.path == "theater_site/wiring.py":
        return
    for node in source.nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                if dotted(decorator).split(".")[-1] == "receiver":
                    yield f"{node.lineno}: @receiver"
    if not source.path.startswith("theater_site/core/"):
        for call, name in calls(source):
            if name.endswith(".connect") and not name.startswith(("psycopg", "sqlite3", "wiring")):
                yield f"{call.lineno}: {name}"


def guardian_shortcuts_stay_in_accounts(source: Source) -> Iterator[Finding]:
    if source.path.startswith("accounts/"):
        return
    for line, name in imported(source):
        if name.startswith(("guardian.shortcuts", "guardian.core", "guardian.utils")):
            yield f"{line}: {name}"


SQL_WRITE = re.compile(r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|DELETE\s+FROM|UPDATE\s+[\w\".]+\s+SET|TRUNCATE\s)")
# Rows that are no content and that nobody audits, or the audit itself.
WRITES_RAW = (
    "theater_site/core/",
    "theater_site/api/",
    "accounts/audit/receivers",
    "accounts/audit/models",
    "accounts/notifications/services/outbox.py",
)


def raw_writes_are_recorded(source: Source) -> Iterator[Finding]:
    """What the recorder cannot see, the writer tells it: a module with a raw write calls `record...`."""
    if not source.in_package or source.path.startswith(WRITES_RAW):
        return
    if any(name.split(".")[-1].startswith("record") for _call, name in calls(source)):
        return
    for call, name in calls(source):
        if name.endswith("._raw_delete"):
            yield f"{call.lineno}: {name}"
        for keyword in call.keywords:
            if keyword.arg in {"update_conflicts", "ignore_conflicts"}:
                yield f"{call.lineno}: {keyword.arg}"
    if source.path.endswith(".py"):
        for line, text in strings(source):
            if SQL_WRITE.search(text):
                yield f"{line}: {text.strip()[:60]}"


READING_LAYERS = {"api", "selectors", "management", "mails"}
READING_PACKAGES = (
    "theater_site/management",
    "theater_site/demo",
    "theater_site/archive",
    "theater_site/urls",
)
CREATES = {"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
QUERYSET = re.compile(r"\.(?:objects|_default_manager|_base_manager|filter|exclude|all|select_for_update)\b")
# Path, and why it may write rows itself.
WRITES_ROWS = {
    "theater_site/management/commands/work.py": "the worker's heartbeat",
    "theater_site/archive/writer.py": "runs inside the action archive.import, which spans the apps that it imports into",
}


def only_services_write(source: Source) -> Iterator[Finding]:
    """Views, selectors and commands call services. A save or delete that is given something (a file's name, a
    cache's key) is not a row's."""
    reads = (source.in_app and source.layer in READING_LAYERS) or source.path.startswith(READING_PACKAGES)
    if not reads or source.path in WRITES_ROWS:
        return
    for call, name in calls(source):
        owner, _dot, verb = name.rpartition(".")
        verb = verb.removeprefix("a") if verb.removeprefix("a") in CREATES | {"save", "delete", "update"} else verb
        of_queryset = bool(QUERYSET.search(f"{owner}."))
        if (
            (verb in CREATES and owner)
            or (verb in {"save", "delete"} and owner != "super" and not call.args)
            or (verb == "update" and of_queryset)
        ):
            yield f"{call.lineno}: {name}"


CLOCK = {"now", "Now", "utcnow", "today", "localdate", "time_ns"}


def services_do_not_read_the_clock(source: Source) -> Iterator[Finding]:
    """The runner read it, once for the action; a second reading may fall on another side of a deadline."""
    if not source.in_app or source.layer not in {"services", "rules"}:
        return
    for call, name in calls(source):
        if name.split(".")[-1] in CLOCK or name == "time.time":
            yield f"{call.lineno}: {name}"


LAWS: list[Law] = [
    no_path_of_a_machine,
    no_registry_host,
    no_file_of_two_stories,
    receivers_are_listed_in_wiring,
    guardian_shortcuts_stay_in_accounts,
    raw_writes_are_recorded,
    only_services_write,
    services_do_not_read_the_clock,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_source_passes_every_rule(law):
    assert [f"{source.path}:{finding}" for source in sources() for finding in law(source)] == []


def test_every_exception_is_still_needed():
    assert [path for path in WRITES_ROWS if not (ROOT / path).is_file()] == []


# --- What each law catches, and what it lets pass -----------------------------------------------------------

HOME = "/" + "home/"

CAUGHT = [
    (no_path_of_a_machine, "docs/setup.md", f"Clone it to {HOME}anna/site."),
    (no_path_of_a_machine, "accounts/models.py", f"KEYS = '{HOME}anna/keys'"),
    (no_path_of_a_machine, ".ci/run", f"cd {HOME}ci/build"),
    (no_registry_host, "pyproject.toml", "index = 'https://" + "py" + "pi.org/simple'"),
    (no_file_of_two_stories, "ticketing/models/orders.py", "pass\n" * (LONGEST_FILE + 1)),
    (receivers_are_listed_in_wiring, "accounts/receivers.py", "@receiver(done)\ndef write(**kw): ..."),
    (receivers_are_listed_in_wiring, "accounts/apps.py", "@dispatch.receiver([a, b])\ndef write(**kw): ..."),
    (receivers_are_listed_in_wiring, "ticketing/apps.py", "signals.performance_cancelled.connect(refund)"),
    (
        guardian_shortcuts_stay_in_accounts,
        "productions/selectors.py",
        "from guardian.shortcuts import assign_perm",
    ),
    (guardian_shortcuts_stay_in_accounts, "tests/world.py", "import guardian.shortcuts as permissions"),
    (raw_writes_are_recorded, "ticketing/services/holds.py", "Seat.objects.filter(a=1)._raw_delete(using)"),
    (
        raw_writes_are_recorded,
        "ticketing/services/holds.py",
        "S.objects.bulk_create(rows, update_conflicts=True)",
    ),
    (raw_writes_are_recorded, "directory/models.py", "S.objects.bulk_create(rows, ignore_conflicts=True)"),
    (
        raw_writes_are_recorded,
        "scheduling/services/move.py",
        "cursor.execute('DELETE FROM claim WHERE id = %s')",
    ),
    (raw_writes_are_recorded, "scheduling/services/move.py", "run(f'UPDATE {table} SET start = %s')"),
    (
        raw_writes_are_recorded,
        "ticketing/services/holds.py",
        "SQL = '''\nINSERT INTO seat (id) VALUES (1)'''",
    ),
    (only_services_write, "productions/api/views.py", "production.save()"),
    (only_services_write, "productions/api/views.py", "production.save(update_fields=['title'])"),
    (only_services_write, "productions/api/views.py", "Production.objects.create(title='x')"),
    (only_services_write, "directory/selectors/people.py", "Person.objects.filter(a=1).update(name='x')"),
    (only_services_write, "directory/selectors.py", "people.filter(a=1).order_by('b').delete()"),
    (only_services_write, "accounts/management/commands/found.py", "Section.objects.get_or_create(name='x')"),
    (only_services_write, "accounts/management/commands/found.py", "user.roles.bulk_create(rows)"),
    (only_services_write, "theater_site/demo/season.py", "Season(name='x').save()"),
    (services_do_not_read_the_clock, "ticketing/services/holds.py", "until = timezone.now() + HOLD"),
    (services_do_not_read_the_clock, "ticketing/services.py", "datetime.datetime.now(UTC)"),
    (services_do_not_read_the_clock, "ticketing/services/holds.py", "from x import now\nnow()"),
    (services_do_not_read_the_clock, "scheduling/rules/spans.py", "date.today()"),
]
PASSES = [
    (
        no_path_of_a_machine,
        "accounts/urls.py",
        "path('/api/home/page/'), 'https://a.example/work/1', '../work/x'",
    ),
    (no_file_of_two_stories, "docs/long.md", "word\n" * (LONGEST_FILE + 1)),
    (receivers_are_listed_in_wiring, "theater_site/wiring.py", "performance_cancelled.connect(refund)"),
    (receivers_are_listed_in_wiring, "theater_site/core/recording.py", "post_save.connect(recorded)"),
    (
        guardian_shortcuts_stay_in_accounts,
        "accounts/permissions/selectors/permissions.py",
        "from guardian.shortcuts import get_perms",
    ),
    (raw_writes_are_recorded, "theater_site/core/guards.py", "run('DELETE FROM jobs')"),
    (raw_writes_are_recorded, "ticketing/services/holds.py", "run('DELETE FROM seat')\nrecord_change(seat)"),
    (raw_writes_are_recorded, "ticketing/models.py", "'''INSERT INTO is told in a docstring.'''"),
    (raw_writes_are_recorded, "ticketing/models.py", "guard('CREATE TRIGGER a BEFORE UPDATE ON seat')"),
    (only_services_write, "productions/services/publish.py", "production.save()"),
    (only_services_write, "productions/api/views.py", "answer.update(a=1); cache.delete('key')"),
    (only_services_write, "theater_site/demo/pictures.py", "picture.save(buffer, 'WEBP')"),
    (services_do_not_read_the_clock, "ticketing/services/holds.py", "until = run.instant + HOLD"),
    (services_do_not_read_the_clock, "ticketing/selectors/seats.py", "timezone.now()"),
]


def told(case: tuple[Law, str, str]) -> str:
    return f"{case[0].__name__}-{case[1]}"


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{n}-{told(case)}") for n, case in enumerate(CAUGHT)])
def test_a_violation_is_detected(case):
    law, path, text = case
    assert list(law(Source(path, text)))


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{n}-{told(case)}") for n, case in enumerate(PASSES)])
def test_the_allowed_form_passes(case):
    law, path, text = case
    assert not list(law(Source(path, text)))


def test_every_rule_has_a_violation_that_is_tested():
    assert {case[0] for case in CAUGHT} == set(LAWS)
