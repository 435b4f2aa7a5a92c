"""What pages may weigh and may never contain: budgets, colours, inline code, missing files."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"
KB = 1024
HEX = re.compile(r"(?<![&\w])#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b")
# The tokens, and the admin's sheet, which Wagtail loads without them.
COLOURED = {"tokens.css", "admin-brand.css"}
# Loaded by pages below `/pro/` alone, and by the desk.
HOSTS_ONLY = {
    STATIC / f"css/pages/{name}.css"
    for name in ("enrol", "figures", "links", "nights", "offers", "pro")
}
DESK_ONLY = {STATIC / "css/admin-brand.css", STATIC / "css/pages/returns.css"}
COMMENT = re.compile(r"\{#.*?#\}|\{% comment .*?%\}.*?\{% endcomment %\}", re.DOTALL)


def pages() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*.html") if "email" not in path.parts)


def source(path: Path) -> str:
    """Return a template without its comments."""
    return COMMENT.sub("", path.read_text())


def weight(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in paths)


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_scripts_of_a_first_load_weigh_at_most_40_kb() -> None:
    htmx = Path(finders.find("django_htmx/htmx-2.min.js"))
    assert weight(htmx, STATIC / "js/velay.js") <= 40 * KB


def test_pages_that_replace_nothing_load_no_htmx() -> None:
    guilty = [path for path in pages() if "htmx_script" in source(path)]
    alone = {
        "templates/base.html",
        "templates/destination/page.html",
        "templates/destination/pole.html",
    }
    assert len(guilty) > 5
    assert alone.isdisjoint(names(guilty))


def test_our_own_script_stays_small() -> None:
    assert (STATIC / "js/velay.js").stat().st_size <= 8 * KB


def test_what_a_page_with_a_map_loads_before_anybody_opens_it_weighs_at_most_40_kb() -> None:
    htmx = Path(finders.find("django_htmx/htmx-2.min.js"))
    assert weight(htmx, STATIC / "js/velay.js", STATIC / "js/map.js") <= 40 * KB


def test_a_live_map_weighs_what_was_planned() -> None:
    leaflet = Path(finders.find("leaflet/leaflet.js"))
    assert weight(leaflet) <= 44 * KB
    assert weight(STATIC / "js/map.js") <= 5 * KB


def test_no_page_names_the_library_of_maps_but_where_a_map_asks_for_it() -> None:
    guilty = [path for path in pages() if "leaflet/" in source(path)]
    assert names(guilty) == ["templates/components/map.html"]
    assert "<script" not in source(TEMPLATES / "components/map.html")


SHEET = re.compile(r"css/[\w/-]+\.css")


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_the_styles_of_a_page_weigh_at_most_25_kb(path: Path) -> None:
    """The sheets of the frame, and those that the page names; the live map's come when asked."""
    named = set(SHEET.findall(source(path))) | {"css/tokens.css", "css/site.css"}
    assert weight(*(STATIC / name for name in named)) <= 25 * KB


def test_styles_that_only_the_hosts_space_loads_weigh_at_most_8_kb() -> None:
    assert weight(*HOSTS_ONLY) <= 8 * KB


def test_fonts_that_a_page_loads_weigh_at_most_40_kb() -> None:
    loaded = [path for path in STATIC.glob("fonts/*.woff2") if not path.stem.endswith("-ext")]
    assert len(loaded) == 2
    assert sum(path.stat().st_size for path in loaded) <= 40 * KB


def test_no_drawing_for_a_phone_weighs_more_than_60_kb() -> None:
    heavy = [path for path in STATIC.glob("img/**/*-mobile.webp") if path.stat().st_size > 60 * KB]
    assert names(heavy) == []


def test_only_the_tokens_name_colours() -> None:
    sheets = [path for path in STATIC.glob("css/**/*.css") if path.name not in COLOURED]
    written = {
        str(path.relative_to(ROOT)): found
        for path in [*sheets, *STATIC.glob("js/**/*.js"), *pages()]
        if (found := [sign for sign in HEX.findall(source(path)) if not is_anchor(path, sign)])
    }
    assert written == {}


def is_anchor(path: Path, sign: str) -> bool:
    """Tell whether a `#…` that looks like a colour is the target of a link."""
    return path.suffix == ".html" and f'="{sign}"' in path.read_text()


def test_mails_and_the_admin_use_colours_of_the_tokens() -> None:
    known = set(HEX.findall((STATIC / "css/tokens.css").read_text()))
    alone = [*TEMPLATES.glob("email/*.html"), *STATIC.glob("css/admin-brand.css")]
    used = {sign for path in alone for sign in HEX.findall(source(path))}
    assert used
    assert used - known == set()


@pytest.mark.parametrize(
    ("forbidden", "why"),
    [
        (r"\sstyle\s*=", "inline style"),
        (r"<style\b", "style block"),
        (r"\son[a-z]+\s*=\s*[\"']", "inline listener"),
        (r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", "inline script"),
        (r"javascript:", "script address"),
        (r"hx-on|hx-vals=[\"']js:", "script inside an htmx attribute"),
        (r"(?:src|href)=[\"']https?://", "something of another site"),
    ],
)
def test_templates_hold_nothing_that_the_security_policy_refuses(forbidden: str, why: str) -> None:
    guilty = [path for path in pages() if re.search(forbidden, source(path), re.IGNORECASE)]
    assert names(guilty) == [], why


def test_every_static_file_that_a_template_names_exists() -> None:
    missing = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r"{%\s*static\s+[\"']([^\"']+)[\"']", source(path))
        if not finders.find(name)
    }
    assert missing == set()


def test_every_file_that_a_sheet_names_exists() -> None:
    missing = {
        f"{sheet.name}: {name}"
        for sheet in STATIC.glob("css/**/*.css")
        for name in re.findall(r"url\([\"']?([^\"')]+)[\"']?\)", sheet.read_text())
        if not (sheet.parent / name).exists()
    }
    assert missing == set()


def test_every_icon_that_a_template_draws_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img/icons.svg").read_text()))
    drawn = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r"{%\s*icon\s+[\"']([^\"']+)[\"']", source(path))
    }
    assert drawn
    assert drawn - sprite == set()


def test_every_sheet_keeps_its_rules_in_a_layer() -> None:
    loose = []
    for sheet in STATIC.glob("css/**/*.css"):
        if sheet.name == "admin-brand.css":  # Wagtail's admin has no layers of ours.
            continue
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert text.count("{") == text.count("}"), sheet.name
        depth, start = 0, 0
        for position, sign in enumerate(text):
            if sign == "{":
                if depth == 0 and not text[start:position].strip().split(";")[
                    -1
                ].strip().startswith("@layer"):
                    loose.append(f"{sheet.name}: {text[start:position].strip()[:60]}")
                depth += 1
            elif sign == "}":
                depth -= 1
                start = position + 1
    assert loose == []


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_template_compiles(path: Path) -> None:
    name = str(path.relative_to(TEMPLATES))
    assert get_template(name).template.name == name
