"""The program from Python: a recipe's name or path -> a finished run, a check, a gallery, a measured symmetry.

    import orbifolio

    orbifolio.check("rainbow-hexagon", seed=3).title            # 'Rainbow hexagon'
    done = orbifolio.run("rainbow-hexagon", seed=3)
    done.picture, done.report, done.folder                      # paths; a notebook shows the picture itself
    orbifolio.measure(done.picture, "p6", {"r6": "gbr"}).holds  # True

Each function does what the command of its name does. Where the command prints an error and exits, the function raises
`OrbifolioError`, whose text names the place, the value, the rule and a cure.

Nothing is imported before it is needed: `import orbifolio` takes no time, and `gallery` never loads torch.
"""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from orbifolio.runner.commands.tiling import TiledFigureFiles
    from orbifolio.runner.run.plan import Plan
    from orbifolio.runner.symmetry.verify.residuals import Measurement

NOTEBOOK_WIDTH = 640  # pixels of a picture inside a notebook: sharp in its column, and small enough to be saved with it


@dataclass(frozen=True)
class FinishedRun:
    """What `run` returns.

    Attributes:
        folder: `GALLERY/RECIPE/RUN-ID`.
        outcome: `done` or `interrupted`.
        message: what happened and what to do; empty when done.
    """

    folder: Path
    outcome: str
    message: str = ""

    @property
    def picture(self) -> Path:
        """The artwork, a PNG with 16 bits a channel; missing when the run was interrupted."""
        return self.folder / "final.png"

    @property
    def report(self) -> Path:
        """The page to open in a browser."""
        return self.folder / "index.html"

    @property
    def summary(self) -> dict[str, Any]:
        """`run.json`: status, seed, times, phases, measured symmetry, resolved parameters."""
        content: dict[str, Any] = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return content

    def pixels(self) -> NDArray[np.float32]:
        """The artwork as (height, width, 3) sRGB in [0, 1].

        Raises:
            ImageError: the run was interrupted before it had one.
        """
        return read_pixels(self.picture)

    def _repr_html_(self) -> str:
        """The picture inside the page, so that a saved notebook still shows it, with a link to the report."""
        link = f'<a href="{html.escape(self.report.absolute().as_uri())}">report</a>'
        if not self.picture.exists():
            return f"<p>{html.escape(self.outcome)}: {html.escape(self.message)} ({link})</p>"
        title = html.escape(str(self.summary.get("title", self.folder.parent.name)))
        source = _data_uri(self.picture, NOTEBOOK_WIDTH)
        return f'<figure><img src="{source}" alt="{title}"><figcaption>{title} ({link})</figcaption></figure>'


@dataclass(frozen=True)
class CheckedRecipe:
    """What `check` returns for a recipe without errors.

    Attributes:
        warnings: probable mistakes, each with its place.
        advisories: what to expect from the picture.
        plan: phases, memory, time and downloads.
    """

    title: str
    warnings: tuple[str, ...]
    advisories: tuple[str, ...]
    plan: Plan


def run(
    recipe: str | Path,
    *,
    out: str | Path = "gallery",
    images: Mapping[str, str | Path] | None = None,
    device: str = "auto",
    resume: bool = False,
    quiet: bool = False,
    **overrides: Any,
) -> FinishedRun:
    """Run a recipe into a gallery.

    Args:
        recipe: a path, or the name of a shipped recipe.
        out: the gallery's folder.
        images: files for the recipe's `upload` sources, by name.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        resume: continue the newest unfinished run of this recipe.
        quiet: show no progress.
        overrides: values put into the recipe; dotted keys as `**{"renderer.size": 256}`.

    Raises:
        OrbifolioError: the recipe is wrong, or the run failed; a failed run has left its report.
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.options import image_arguments, make_console, out_arguments
    from orbifolio.runner.errors import RunFailed
    from orbifolio.runner.execute import run_recipe
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.run.loop import Stop

    path = _find(recipe)
    texts = _texts(overrides)
    files = {name: Path(file) for name, file in (images or {}).items()}
    console = make_console()
    console.quiet = quiet
    command = ["orbifolio", "run", str(recipe), *texts, *image_arguments(files), *out_arguments(Path(out))]
    result = run_recipe(
        load(path, texts, files, typed_in=Path.cwd()),
        path.parent,
        gallery=Path(out),
        device=device,
        resume=resume,
        command=shlex.join([*command, *([] if device == "auto" else ["--device", device])]),
        console=console,
        stop=Stop(),
    )
    if result.outcome == "failed":
        raise RunFailed(f"{result.message} (report: {result.folder / 'index.html'})")
    return FinishedRun(result.folder, result.outcome, result.message)


def check(recipe: str | Path, *, images: Mapping[str, str | Path] | None = None, **overrides: Any) -> CheckedRecipe:
    """Validate a recipe and plan its run; compute nothing.

    Args:
        recipe: a path, or the name of a shipped recipe.
        images: files for the recipe's `upload` sources, by name.
        overrides: as for `run`.

    Raises:
        RecipeError: every error of the recipe, at once.
    """
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.run.plan import make_plan

    files = {name: Path(file) for name, file in (images or {}).items()}
    loaded = load(_find(recipe), _texts(overrides), files, typed_in=Path.cwd())
    return CheckedRecipe(
        loaded.recipe.title, tuple(map(str, loaded.warnings)), tuple(loaded.advisories), make_plan(loaded)
    )


def gallery(folder: str | Path = "gallery") -> Path:
    """Rebuild every report and index page of a gallery from the runs' logs, and return its `index.html`.

    Raises:
        InputError: the folder does not exist.
    """
    from orbifolio.reports.write_gallery import rebuild_gallery
    from orbifolio.runner.errors import InputError

    path = Path(folder)
    if not path.is_dir():
        raise InputError(f"{path}: this folder does not exist; name a gallery; `orbifolio run` makes one")
    rebuild_gallery(path)
    return path / "index.html"


def tile(
    figure: str | Path,
    *,
    colours: Sequence[str] | None = None,
    type_name: str = "auto",
    pick: int = 1,
    out: str | Path | None = None,
    metamorphosis: bool = False,
    quiet: bool = True,
) -> TiledFigureFiles:
    """Fill the plane with a figure: a page of candidates, a recipe that is ready to run, and files of the tiling.

    Args:
        figure: an SVG, a PNG that is cut out, a photograph before a calm ground, or `orbifolio:NAME`.
        colours: two to four, as `#rrggbb`.
        type_name: an isohedral type, as `IH4`.
        pick: number of the candidate, 1 the best.
        out: folder; by default `FIGURE-tiling` here.
        metamorphosis: also a strip on which polygons turn into the figure, and its recipe.
        quiet: print nothing.

    Raises:
        InputError: the figure cannot tile, or arguments are wrong.
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.options import make_console
    from orbifolio.runner.commands.tiling import KERF, tile_figure

    console = make_console()
    console.quiet = quiet
    return tile_figure(
        str(figure),
        colours=None if colours is None else ",".join(colours),
        type_name=type_name,
        pick=pick,
        out=None if out is None else Path(out),
        kerf=KERF,
        metamorphosis=metamorphosis,
        console=console,
    )


def measure(
    image: str | Path,
    group: str,
    colours: Mapping[str, str | Sequence[str]] | None = None,
    *,
    aspect: str | None = None,
) -> Measurement:
    """Measure how exact the symmetry of any picture is.

    Where it does not hold about the picture's own origin, it is measured about the best one.

    Args:
        image: a file.
        group: `p6`, or KIND:GROUP as in `frieze:p2mg`, `sphere:O`, `hyperbolic:p=5,q=4`.
        colours: colour action of generators, `{"r6": "gbr"}` or `{"r6": ["-r", "-g", "-b"]}`.
        aspect: width:height of the tile in its true geometry, `1:sqrt(3)`.

    Raises:
        InputError: unknown group, illegal colours, or a picture that cannot be read.
    """
    from orbifolio.runner.commands.measuring import measure_file

    actions = {name: _channels(action) for name, action in (colours or {}).items()}
    return measure_file(Path(image), group, actions, aspect).result


def _channels(action: str | Sequence[str]) -> Sequence[str]:
    """The three channels of a colour action.

    >>> _channels("gbr"), _channels("-r-g-b"), _channels("g, r, b")
    (['g', 'b', 'r'], ['-r', '-g', '-b'], ['g', 'r', 'b'])
    """
    return re.findall(r"-?[^-,\s]", action) if isinstance(action, str) else list(action)


def _find(recipe: str | Path) -> Path:
    from orbifolio.runner.recipe.shipped import find_recipe

    return find_recipe(recipe)


def _texts(overrides: Mapping[str, Any]) -> list[str]:
    """Overrides as `KEY=VALUE`, in JSON, which is YAML on one line.

    >>> _texts({"seed": 3, "renderer.phases.0.size": 64, "title": "A test"})
    ['seed=3', 'renderer.phases.0.size=64', 'title="A test"']
    """
    return [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in overrides.items()]


def read_pixels(file: Path) -> NDArray[np.float32]:
    """A picture's file as (height, width, 3) sRGB in [0, 1].

    Raises:
        ImageError: it is missing, cannot be read, or is no picture.
    """
    from orbifolio.runner.images.reading import read_file

    return read_file(file).pixels


def _data_uri(path: Path, width: int) -> str:
    """A picture as a `data:` address, at most `width` pixels wide."""
    import base64
    import io

    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        small.thumbnail((width, 4 * width))
        stream = io.BytesIO()
        small.save(stream, "WEBP", quality=90)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
