"""The rules of the house that a program can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.core.management import call_command
from django.template import engines
from django.template.loader import get_template
from django.utils.translation.template import templatize

from booking import refusals
from booking.rules import states

ROOT = Path(__file__).resolve().parents[2]
OURS = ["oti", "destination", "members", "booking", "events"]


def tracked_files() -> list[Path]:
    """Return the files that git knows, or would take."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def test_imports_only_go_down():
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:]


def test_templates_are_linted():
    run = subprocess.run(
        [
            str(Path(sys.executable).parent / "djlint"),
            *("--lint", "--quiet", "templates", "oti/devtools/templates"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:]


def test_accounts_come_first_and_alone():
    """Another member model in 0001 would make the first migration circular."""
    text = (ROOT / "members/migrations/0001_users.py").read_text()
    assert re.findall(r"name='(\w+)',\n\s+fields", text) == ["User"]
    for app in ("destination", "booking", "events", "wagtail"):
        assert f"('{app}" not in text


@pytest.mark.django_db
def test_migrations_say_what_the_models_say():
    call_command("makemigrations", *OURS, check=True, dry_run=True, stdout=StringIO())


@pytest.mark.parametrize("app", OURS[1:])
def test_migrations_are_one_line(app):
    """Two migrations with the same parent would be two truths."""
    parents = []
    for path in sorted((ROOT / app / "migrations").glob("0*.py")):
        parents += re.findall(rf"\(['\"]{app}['\"], ['\"](\w+)['\"]\)", path.read_text())
    assert len(parents) == len(set(parents))


def test_every_template_compiles():
    folder = ROOT / "templates"
    names = [str(path.relative_to(folder)) for path in folder.rglob("*.html")]
    assert names
    for name in names:
        get_template(name)
    assert engines["django"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\sstyle=",
        r"\son(click|change|submit|load|input)=",
        r"hx-on",
        r"<script(?![^>]*\ssrc=)",
        r"\|safe\b",
    ],
)
def test_templates_hold_nothing_inline(pattern):
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if "email" not in path.parts and re.search(pattern, path.read_text())
    ]
    assert found == []


def test_rows_are_locked_in_one_module():
    found = [
        str(path.relative_to(ROOT))
        for app in OURS
        for path in (ROOT / app).rglob("*.py")
        if "select_for_update" in path.read_text()
    ]
    assert found == ["booking/locks.py"]


def test_no_business_hides_in_signals_of_models():
    found = [
        str(path.relative_to(ROOT))
        for app in OURS
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"post_save|pre_save|post_delete|pre_delete|m2m_changed", path.read_text())
    ]
    assert found == []


def test_every_code_of_the_rules_has_its_words():
    """A refusal without text would say nothing to do."""
    source = "\n".join(path.read_text() for path in (ROOT / "booking").rglob("*.py"))
    codes = set(re.findall(r'(?:trouble|Problem)\(\s*"(\w+)"', source))
    known = set(refusals.MESSAGES) | set(refusals.COUNTED)
    assert codes
    assert codes - known == set()


TABLES = (
    states.ORDER,
    states.LINE,
    states.PAYMENT,
    states.REFUND,
    states.PAYOUT,
    states.REVERSAL,
    states.ACCOUNT,
)


@pytest.mark.parametrize("table", TABLES)
def test_no_state_leads_nowhere_unknown(table):
    assert {target for targets in table.values() for target in targets} <= set(table)


@pytest.mark.parametrize("language", ["fr"])
def test_no_text_is_left_untranslated(language):
    path = ROOT / "oti/locale" / language / "LC_MESSAGES/django.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    missing = [
        message.id
        for message in catalogue
        if message.id
        and (
            not (message.string if isinstance(message.string, str) else all(message.string))
            or message.fuzzy
        )
    ]
    assert missing == []


@pytest.mark.parametrize(("language", "foreign"), [("fr", "“”„"), ("en", "«»„"), ("de", "«»”")])
def test_words_are_quoted_as_their_language_quotes(language, foreign):
    path = ROOT / "oti/locale" / language / "LC_MESSAGES/django.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    wrong, quoting = [], 0
    for message in catalogue:
        said = [message.string] if isinstance(message.string, str) else message.string
        if language == "en" and not all(said):  # The English text is what the code says.
            said = [message.id] if isinstance(message.id, str) else message.id
        quoting += any(re.search("[«“„]", text) for text in said)
        wrong += [text for text in said if message.id and set(foreign) & set(text)]
    assert wrong == []
    assert quoting > 50


# What the catalogues hold besides sentences: marks of a page, of a value, of an address, of HTTP.
NO_SENTENCE = re.compile(r"<[^>]*>|%\(\w+\)\w|\w+/<\S+|Authorization: Bearer|Content-Type: ")


def test_french_is_set_as_french_is():
    """A colon and what is inside « » have a space that doesn't break, ; ! ? a narrow one."""
    path = ROOT / "oti/locale/fr/LC_MESSAGES/django.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    wrong, seen = [], 0
    for message in catalogue:
        said = [message.string] if isinstance(message.string, str) else message.string
        for text in said if message.id else ():
            plain = NO_SENTENCE.sub("x", text)
            seen += len(re.findall("[:;!?«»]", plain))
            wrong += re.findall(
                "(?:«(?!\u00a0).?|.?(?<!\u00a0)»"
                "|.?(?<!\u00a0):(?![/\\d])|.?(?<![\u202f!?…])[;!?](?!\\w)).{0,30}",
                plain,
            )
    assert wrong == []
    assert seen > 1000


# Texts that only the office and the hosts read: they work in French.
OF_THE_OFFICE = re.compile(
    r"/(desk|extranet|space|wagtailadmin)/|components/gallery|email/permit_ended|blocks/live_empty"
    r"|email/double_booking|email/calendar_silent|email/webhook_paused|email/export_ready"
    r"|email/(day_ahead|no_show_office|talk_host|survey_detractor|review_reported|complaint_office)"
    r"|email/(offer|seller)_|email/monday_letter"
)
QUOTED = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
CALL = re.compile(rf"\bn?(p?)gettext\(\s*{QUOTED}(?:\s*,\s*{QUOTED})?", re.DOTALL)


ASKS = re.compile(r"(\w+\.)?(_|n?p?gettext(_lazy|_noop)?)")


def asks_catalogue(node: ast.AST) -> bool:
    """Return whether this is a call that asks for a text in the reader's language."""
    return isinstance(node, ast.Call) and ASKS.fullmatch(ast.unparse(node.func)) is not None


def test_no_text_hides_from_the_catalogues():
    """What collects texts for translation doesn't read inside an f-string."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for app in OURS
        for path in (ROOT / app).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if asks_catalogue(call)
    ]
    assert hidden == []


# Parts of pages written in Python (ARCHITECTURE.md).
PARTS = [
    *("destination/templatetags/part_tags.py", "destination/templatetags/field_tags.py"),
    *("destination/templatetags/velay.py", "booking/templatetags/thread_tags.py"),
]


def texts_of_parts() -> dict[tuple[str, str], str]:
    """Return {(context, text): file} of what parts of pages say."""
    said = {}
    for name in PARTS:
        for call in ast.walk(ast.parse((ROOT / name).read_text())):
            if asks_catalogue(call):
                assert isinstance(call, ast.Call)
                texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
                has_context = "pgettext" in ast.unparse(call.func)
                said[(texts[0], texts[1]) if has_context else ("", texts[0])] = name
    return said


def test_views_are_synchronous():
    """What belongs to a thread is kept in the plain way (oti/plain_locals.py): no task may move."""
    found = [
        str(path.relative_to(ROOT))
        for app in OURS
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"^\s*async def|sync_to_async|async_to_sync|get_asgi", path.read_text(), re.M)
    ]
    assert found == []


def test_what_visitors_read_is_in_german():
    """Every text of a template or a part that a visitor may see, mails included, has its German."""
    path = ROOT / "oti/locale/de/LC_MESSAGES/django.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="de")
    german: set[tuple[str, str]] = set()
    for message in catalogue:
        said = [message.string] if isinstance(message.string, str) else message.string
        if message.id and all(said):
            first = message.id if isinstance(message.id, str) else message.id[0]
            german.add((message.context or "", first))
    asked: dict[tuple[str, str], str] = {}
    for template in sorted((ROOT / "templates").rglob("*.*")):
        if OF_THE_OFFICE.search(str(template)):
            continue
        for has_context, first, second in CALL.findall(templatize(template.read_text())):
            texts = [ast.literal_eval(one) for one in (first, second) if one]
            key = (texts[0], texts[1]) if has_context else ("", texts[0])
            asked[key] = template.name
    asked |= texts_of_parts()
    assert len(asked) > 400
    assert {key: name for key, name in asked.items() if key not in german} == {}


def test_nothing_names_a_machine_or_an_index():
    """The project speaks of itself alone: no path of a machine, no package index."""
    words = "|".join(
        ["/wo" + "rk/", "py" + r"pi\.org", "files\\.python" + "hosted", r"registry\.np" + "mjs"]
    )
    found = []
    for path in tracked_files():
        if path.suffix in {".webp", ".woff2", ".ttf", ".png", ".mo", ".zip"}:
            continue
        text = path.read_text(errors="ignore")
        if re.search(words, text):
            found.append(str(path.relative_to(ROOT)))
    assert found == []
