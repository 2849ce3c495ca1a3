"""Write the sources of the documentation site: docs/, README, changes, a page for each recipe, the API.

Usage: python scripts/make_site.py [FOLDER]        (then: mkdocs build --strict)

Everything comes from files that are there for other readers, too; links that lead to a file of the site are turned to
its page, and those to source code become plain text. Needs nothing but PyYAML, and writes the same bytes each time.
"""

from __future__ import annotations

import ast
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build" / "docs"
PAGES = {"README.md": "index.md", "CHANGES.md": "changes.md", "CONTRIBUTING.md": "contributing.md"}
THEMES = (
    *("plane", "escher", "strip", "sphere", "hyperbolic", "mesh", "zoom", "motion"),
    *("style", "dream", "painting", "gas", "survey"),
)
"""As in the gallery, whose list (`reports.data.card`) would need the program to be installed."""
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
FENCE = re.compile(r"^( *)```", re.MULTILINE)


def sources() -> dict[str, str]:
    """Page of the site by file of the repository."""
    found = dict(PAGES)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT / "docs").as_posix()
        if not name.startswith("example-plugin/"):
            found[f"docs/{name}"] = name
    return found


def recipes() -> list[Path]:
    """All shipped recipes, by theme and name."""
    order = {theme: number for number, theme in enumerate(THEMES)}
    paths = (ROOT / "recipes").glob("*/*.yaml")
    return sorted(paths, key=lambda path: (order.get(path.parent.name, len(order)), path.parent.name, path.stem))


def prose(text: str) -> Iterator[tuple[str, bool]]:
    """(part, whether it is prose and not a block of code) of a text in Markdown."""
    inside, start = False, 0
    for match in FENCE.finditer(text):
        line = match.start()
        if inside:
            end = text.find("\n", line)
            end = len(text) if end < 0 else end + 1
            yield text[start:end], False
            start, inside = end, False
        else:
            yield text[start:line], True
            start, inside = line, True
    yield text[start:], not inside


def place_of(target: str) -> str | None:
    """Where a file of the repository is in the site; None if it is not there."""
    pages = sources()
    if target in pages:
        return pages[target]
    if target == "recipes":
        return "gallery.md"
    if re.fullmatch(r"recipes/[a-z]+/[\w-]+\.yaml", target) and (ROOT / target).is_file():
        return f"recipes/{Path(target).stem}.md"
    if re.fullmatch(r"recipes/pictures/[\w-]+\.webp|docs/[\w-]+\.(webp|png|ipynb)", target):
        return target.removeprefix("docs/")
    return None


def relinked(text: str, source: str, page: str) -> str:
    """A page's text with links as the site has them.

    Args:
        text: Markdown.
        source: the file it comes from, from the root.
        page: where it goes, in the site.
    """

    def link(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path, hash_, anchor = target.partition("#")
        found = place_of(posixpath.normpath(posixpath.join(posixpath.dirname(source), path)).rstrip("/"))
        if found is None:
            return words
        return f"{mark}[{words}]({posixpath.relpath(found, posixpath.dirname(page) or '.')}{hash_}{anchor})"

    return "".join(LINK.sub(link, part) if is_prose else part for part, is_prose in prose(text))


def recipe_page(path: Path) -> str:
    """A recipe's picture, words and text."""
    text = path.read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    lines = [f"# {data['title']}", ""]
    if (ROOT / "recipes" / "pictures" / f"{path.stem}.webp").is_file():
        lines += [f"![{data['title']}](pictures/{path.stem}.webp)", ""]
    lines += [str(data.get("about", "")).strip(), "", "```sh", f"orbifolio run {path.stem}", "```", ""]
    return "\n".join([*lines, "```yaml", text.rstrip("\n"), "```", ""])


def gallery_page() -> str:
    """All recipes as pictures, by theme."""
    lines = ["# Gallery of recipes", "", "Each is run by its name: `orbifolio run NAME`.", ""]
    theme = ""
    for path in recipes():
        if path.parent.name != theme:
            theme = path.parent.name
            lines += ["", f"## {theme.capitalize()}", ""]
        title = yaml.safe_load(path.read_text(encoding="utf-8"))["title"]
        if (ROOT / "recipes" / "pictures" / f"{path.stem}.webp").is_file():
            lines.append(f"[![{title}](recipes/pictures/{path.stem}.webp){{ width=160 }}](recipes/{path.stem}.md)")
        else:
            lines.append(f"[{title}](recipes/{path.stem}.md)")
    return "\n".join(lines) + "\n"


def api_page() -> str:
    """What `import orbifolio` offers, from the module's own text: it is not imported."""
    tree = ast.parse((ROOT / "orbifolio" / "api.py").read_text(encoding="utf-8"))
    head, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
    shown = re.match(r"(?:(?: {4}.*)?\n)*", rest)
    assert shown is not None
    example = re.sub(r"^ {4}", "", shown[0].rstrip(), flags=re.MULTILINE)
    lines = ["# From Python", "", head, "", "```python", example, "```", "", rest[shown.end() :], ""]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            lines += entry(node, "##")
    return "\n".join(lines)


def entry(node: ast.FunctionDef | ast.ClassDef, level: str, within: str = "") -> list[str]:
    """A function or a class with its public members."""
    lines = [f"{level} `{within}{node.name}`", ""]
    if isinstance(node, ast.FunctionDef) and not any(ast.unparse(each) == "property" for each in node.decorator_list):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        lines += ["```python", f"{node.name}({ast.unparse(node.args)}){returns}", "```", ""]
    for part in re.split(r"\n(?=[A-Z]\w+:\n)", ast.get_docstring(node) or ""):
        match = re.match(r"([A-Z]\w+):\n(.*)", part, re.DOTALL)
        if match is None:
            lines += [part.strip(), ""]
            continue
        listed = re.sub(r"\n {8,}", " ", match[2])  # lines that go on
        lines += [f"**{match[1]}**", "", *(f"- {line.strip()}" for line in listed.split("\n") if line.strip()), ""]
    for member in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
            lines += entry(member, f"{level}#", f"{node.name}.")
    return lines


def write(target: Path) -> None:
    """Write everything below a folder, which is emptied before."""
    shutil.rmtree(target, ignore_errors=True)
    pages = {
        page: relinked((ROOT / source).read_text(encoding="utf-8"), source, page) for source, page in sources().items()
    }
    for path in recipes():
        pages[f"recipes/{path.stem}.md"] = recipe_page(path)
    pages |= {"gallery.md": gallery_page(), "api.md": api_page()}
    for name, text in sorted(pages.items()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, encoding="utf-8")
    for path in [*(ROOT / "docs").glob("*.webp"), *(ROOT / "docs").glob("*.ipynb")]:
        shutil.copyfile(path, target / path.name)
    shutil.copytree(ROOT / "recipes" / "pictures", target / "recipes" / "pictures")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
