"""The command line: `orbifolio COMMAND`.

Exit codes: 0 done; 1 the run failed; 2 the recipe or the arguments are wrong; 130 interrupted, resumable.
Messages go to stderr; stdout carries what a script wants (the report's path, a schema, a table).
Commands import what they need when they run: `gallery` never loads torch.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

import click

import orbifolio
from orbifolio.runner.commands.completion import group_names, recipe_files, recipe_names, weight_names
from orbifolio.runner.commands.exporting import export
from orbifolio.runner.commands.launching import launch
from orbifolio.runner.commands.listing import recipes
from orbifolio.runner.commands.nodes import cleanup, logs, ps, stop
from orbifolio.runner.commands.options import (
    DEFAULT_GALLERY,
    add_verbosity,
    image_option,
    is_file,
    make_console,
    open_option,
    open_page,
)
from orbifolio.runner.commands.painting import paint
from orbifolio.runner.commands.removing import rm
from orbifolio.runner.commands.rendering import run
from orbifolio.runner.commands.serving import serve
from orbifolio.runner.commands.styling import style
from orbifolio.runner.commands.sweeping import sweep
from orbifolio.runner.commands.user_defaults import config_file, default_map, read_defaults
from orbifolio.runner.errors import InputError, OrbifolioError
from orbifolio.runner.log_lines import show_records

SECTIONS = {
    "Make pictures": ("run", "paint", "style", "tile", "sweep"),
    "Recipes": ("recipes", "check", "new", "schema"),
    "Galleries": ("serve", "gallery", "publish", "rm"),
    "Finished pictures": ("query", "redraw", "enlarge", "print", "separate", "solid", "measure", "judge", "rank"),
    "Rented machines": ("launch", "ps", "logs", "stop", "cleanup", "export"),
    "This machine": ("doctor", "weights"),
}
"""The commands as `--help` shows them, in the order of a user's work."""


class Commands(click.Group):
    """Suggests the nearest command for a mistyped one, and shows them in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of `SECTIONS`."""
        return [name for names in SECTIONS.values() for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A table for each section, with columns of one width."""
        longest = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                width = formatter.width - longest - 6
                formatter.write_dl(
                    [(name.ljust(longest), self.commands[name].get_short_help_str(width)) for name in names]
                )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for an unknown one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self.commands, n=2)
            if near:
                raise click.UsageError(f"{error.message} Did you mean {' or '.join(near)}?", ctx) from None
            raise


def show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Print the version and exit, in a checkout that is not installed, too."""
    if value and not context.resilient_parsing:
        click.echo(f"orbifolio, version {orbifolio.__version__}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Turn recipes for generative art into pictures with exact symmetry, each with a report of how it was made.

    Start with: orbifolio run rainbow-hexagon, or orbifolio paint photo.jpg
    """


cli.add_command(run)
cli.add_command(paint)
cli.add_command(style)
cli.add_command(sweep)
cli.add_command(recipes)


@cli.command()
@click.argument("arguments", nargs=-1, required=True, metavar="RECIPE... [KEY=VALUE]...", shell_complete=recipe_files)
@image_option
@click.option("--plan", is_flag=True, help="Also show phases, sizes, orbits, memory, time and downloads.")
def check(arguments: tuple[str, ...], images: dict[str, Path], plan: bool) -> None:
    """Validate recipes and explain them; compute nothing.

    RECIPE is a file, or the name of a recipe that comes with the program: `orbifolio recipes` lists them.
    """
    from orbifolio.runner.commands.checking import check_recipes

    overrides = [argument for argument in arguments if "=" in argument and not is_file(argument)]
    recipes = [Path(argument) for argument in arguments if argument not in overrides]
    if not recipes:
        raise click.UsageError("no recipe given; name at least one file")
    good = check_recipes(recipes, overrides, images, plan=plan)
    if not good:
        sys.exit(2)


@cli.command(short_help="Rebuild all reports and index pages from the logs.")
@click.argument("gallery", type=click.Path(path_type=Path, file_okay=False), default=DEFAULT_GALLERY)
@open_option
def gallery(gallery: Path, show: bool) -> None:
    """Rebuild all reports and index pages of GALLERY from the logs."""
    from orbifolio.reports.data.gallery_facts import read_facts
    from orbifolio.reports.write_gallery import rebuild_gallery

    if not gallery.is_dir():
        raise InputError(f"{gallery}: this folder does not exist; name a gallery; `orbifolio run` makes one")
    read_facts(gallery)  # pages are made whatever it holds, so that runs are; here its faults are told
    pages = rebuild_gallery(gallery)
    make_console().print(f"{len(pages)} pages written", highlight=False)
    if show:
        open_page((gallery.absolute() / "index.html").as_uri())
    click.echo(str(gallery / "index.html"))


cli.add_command(rm)


@cli.command(short_help="Copy a gallery to a bucket or a folder.")
@click.argument("paths", nargs=-1, required=True, metavar="[GALLERY] TARGET")
@click.option("--out", "gallery", type=click.Path(path_type=Path), default=DEFAULT_GALLERY, hidden=True)
@click.option("--dry-run", is_flag=True, help="Only print what would be uploaded and deleted.")
@click.option("--remove", multiple=True, metavar="TYPE/RUN", help="Remove a run from the target; may be repeated.")
@click.option("--endpoint-url", metavar="URL", default=None, help="Address of a store other than AWS.")
@click.option("--region", metavar="NAME", default=None, help="The bucket's region, if it is not the configured one.")
@click.option("--website", is_flag=True, help="Print what a public website on the bucket needs; publish nothing.")
@click.option("--apply", "set_up", is_flag=True, help="With --website: also set it up.")
def publish(
    paths: tuple[str, ...],
    gallery: Path,
    dry_run: bool,
    remove: tuple[str, ...],
    endpoint_url: str | None,
    region: str | None,
    website: bool,
    set_up: bool,
) -> None:
    """Copy GALLERY to TARGET, a bucket (s3://BUCKET/PREFIX) or a folder, beside what others have published there.

    Only what changed is uploaded. Example: orbifolio publish s3://my-pictures/gallery
    """
    from orbifolio.runner.commands.publishing import publish_gallery, show_website

    if len(paths) > 2:
        raise click.UsageError(f"{len(paths)} arguments given; at most two are expected: [GALLERY] TARGET")
    if set_up and not website:
        raise click.UsageError("--apply needs --website; give both")
    if website:
        show_website(paths[-1], endpoint_url=endpoint_url, region=region, set_up=set_up, console=make_console())
        return
    address = publish_gallery(
        Path(paths[0]) if len(paths) == 2 else gallery,
        paths[-1],
        endpoint_url=endpoint_url,
        region=region,
        remove=remove,
        dry=dry_run,
        console=make_console(),
    )
    if not dry_run:
        click.echo(address)


@cli.command(short_help="Measure how exact the symmetry of any image is.")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--group",
    required=True,
    shell_complete=group_names,
    help="Wallpaper group, e.g. p6, or KIND:GROUP, e.g. frieze:p2mg, rotor:D6, droste:p1,zoom=4, sphere:O, "
    "hyperbolic:p=4,q=6,chart=square.",
)
@click.option(
    "--colours", multiple=True, metavar="GENERATOR=A,B,C", help="Colour action, e.g. r6=g,b,r; may be repeated."
)
@click.option("--aspect", default=None, help="Width:height of the tile in its true geometry, e.g. 1:sqrt(3).")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def measure(image: Path, group: str, colours: tuple[str, ...], aspect: str | None, as_json: bool) -> None:
    """Measure how exact the symmetry of any IMAGE is.

    If the symmetry does not hold about the picture's own origin, the best origin is searched for.

    Exit code 0 if every claimed symmetry holds (residual below 0.05, and no other colours fit better) and no unclaimed
    one was found (residual 0.2 or less), else 1 and the reasons. Where the picture's own colours are alike, as in a
    grey one, or it has one even colour, a note says what cannot be told.
    """
    from orbifolio.runner.commands.measuring import measure_file, parse_colours, print_measurement

    measured = measure_file(image, group, parse_colours(colours), aspect)
    print_measurement(image, group, measured, as_json=as_json)
    if not measured.result.holds:
        sys.exit(1)


@cli.command(short_help="Judge how like their style finished runs are.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("--keep", is_flag=True, help="Also write it into each run, for its report and comparisons.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def judge(runs: tuple[Path, ...], keep: bool, as_json: bool) -> None:
    """Judge how like their style finished RUNs are, by networks that no recipe looks through.

    Prints a row for each run, the best first. 0: as like the style as its own halves are to each other; 1: as unlike as
    an unrelated picture. Runs of one style compare well; losses of different networks do not.

    Example: orbifolio judge gallery/rainbow-hexagon/*
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.judging import judge_runs

    judge_runs(runs, keep=keep, as_json=as_json, console=make_console())


@cli.command(short_help="Rank runs by the votes of several people.")
@click.argument("files", nargs=-1, required=True, metavar="VOTES.JSON...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def rank(files: tuple[Path, ...], as_json: bool) -> None:
    """Rank runs by the votes that several people exported from a gallery's blind page (blind.html).

    Votes that are in more than one file count once. Example: orbifolio rank ada.json ben.json
    """
    from orbifolio.runner.commands.ranking import rank_votes

    rank_votes(files, as_json=as_json)


@cli.command(short_help="Print a line of JSON for each run of a gallery.")
@click.argument("gallery", type=click.Path(path_type=Path), default=DEFAULT_GALLERY)
@click.option("--where", multiple=True, metavar="KEY=VALUE", help="Only runs with this field, parameter or measure.")
@click.option("--schema", is_flag=True, help="Print what a line holds, as JSON Schema.")
def query(gallery: Path, where: tuple[str, ...], schema: bool) -> None:
    """Print a line of JSON for each run of a gallery, the newest first, for scripts and language models.

    Example: orbifolio query gallery --where status=done --where group=p6
    """
    from orbifolio.runner.commands.querying import print_schema, query_runs

    if schema:
        print_schema()
    else:
        query_runs(gallery, where)


@cli.command(short_help="Draw a painting again at any size, with any brush.")
@click.argument("painting", type=click.Path(path_type=Path, exists=True), metavar="RUN-OR-STROKES.JSON")
@click.option("--size", type=int, default=None, help="Pixels of the longer side; by default the picture's own.")
@click.option("--brush", default=None, metavar="NAME", help="Another brush: a name, or a .myb or .safetensors file.")
@click.option("--program", type=click.Choice(["mypaint", "neural"]), default="mypaint", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Output file; its suffix gives the format: png, webp, jpg, ora (layers), svg, hpgl, csv, json, pdf.",
)
def redraw(painting: Path, size: int | None, brush: str | None, program: str, out: Path | None) -> None:
    """Draw a painting again at any size: in bristles, with real MyPaint or a learnt brush.

    Example: orbifolio redraw gallery/paint-a-photo/RUN --size 4096
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.redrawing import redraw_painting

    click.echo(str(redraw_painting(painting, size=size, brush=brush, neural=program == "neural", out=out)))


@cli.command(short_help="Enlarge a picture up to 16 times, crisp and without a seam.")
@click.argument("run_folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option("--to", "longer", type=int, required=True, metavar="PX", help="Pixels of the longer side.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
def enlarge(run_folder: Path, longer: int, device: str) -> None:
    """Enlarge the picture of RUN up to 16 times, crisp and without a seam; its symmetry is kept.

    The 16-bit PNG goes among the run's files. Example: orbifolio enlarge gallery/rainbow-hexagon/RUN --to 6144
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.enlarging import enlarge_run

    click.echo(str(enlarge_run(run_folder, longer, device=device, console=make_console())))


@cli.command("print", short_help="Make a PDF to print in true size, with bleed and crop marks.")
@click.argument("run_folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option("--cm", required=True, metavar="WIDTHxHEIGHT", help="Size of the page when it is cut, e.g. 60x90.")
@click.option("--dpi", type=int, default=150, show_default=True, help="Pixels in an inch.")
@click.option("--bleed", type=float, default=3.0, show_default=True, metavar="MM", help="Beyond each edge.")
@click.option(
    "--repeat",
    type=click.Choice(["straight", "half-drop", "brick"]),
    default="straight",
    show_default=True,
    help="How copies are laid, for fabric: every other column half a copy lower, or row half a copy aside.",
)
@click.option("--tiles", type=int, default=None, help="Copies across the page; by default one.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
def print_page(
    run_folder: Path,
    cm: str,
    dpi: int,
    bleed: float,
    repeat: Literal["straight", "half-drop", "brick"],
    tiles: int | None,
    device: str,
) -> None:
    """Make a PDF of the picture of RUN in true size, with bleed and crop marks, enlarged as far as it needs.

    Example: orbifolio print gallery/rainbow-hexagon/RUN --cm 60x90 --tiles 2
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.printing import print_run

    file = print_run(
        run_folder,
        cm=cm,
        dpi=dpi,
        bleed=bleed,
        repeat=repeat,
        tiles=tiles,
        device=device,
        console=make_console(),
    )
    click.echo(str(file))


@cli.command(short_help="Separate a picture into plates for screen print.")
@click.argument("run_folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option(
    "--colours",
    default=None,
    metavar="N|HEX,HEX...",
    help="How many inks, or which, e.g. '#e63946,#1d3557'; by default those that the recipe posterised to.",
)
@click.option(
    "--paper", default=None, metavar="HEX", help="Colour of the paper, one more colour, which is not printed."
)
@click.option("--cm", default=None, metavar="WIDTHxHEIGHT", help="Size of the page; by default the picture's pixels.")
@click.option("--dpi", type=int, default=300, show_default=True, help="Pixels in an inch.")
@click.option("--bleed", type=float, default=0.0, show_default=True, metavar="MM", help="Beyond each edge.")
@click.option(
    "--trap", type=float, default=0.0, show_default=True, metavar="MM", help="How far lighter inks reach below darker."
)
@click.option("--tiles", type=int, default=None, help="Copies across the page; by default one.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
def separate(
    run_folder: Path,
    colours: str | None,
    paper: str | None,
    cm: str | None,
    dpi: int,
    bleed: float,
    trap: float,
    tiles: int | None,
    device: str,
) -> None:
    """Separate the picture of RUN into plates for screen print or risograph, one for each ink.

    A PDF with registration marks, PNGs of one bit a pixel and a proof go among the run's files. Example: orbifolio
    separate gallery/linocut/RUN --colours 3 --cm 30x30 --trap 0.3
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.separating import separate_run

    file = separate_run(
        run_folder,
        colours=colours,
        paper=paper,
        cm=cm,
        dpi=dpi,
        bleed=bleed,
        trap=trap,
        tiles=tiles,
        device=device,
        console=make_console(),
    )
    click.echo(str(file))


@cli.command(short_help="Make a sphere or a model to print, in colour.")
@click.argument("run_folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option("--mm", type=float, default=60.0, show_default=True, help="Size from one side to the other.")
@click.option(
    "--relief",
    type=float,
    default=0.6,
    show_default=True,
    metavar="MM",
    help="How much higher bright places are; less than 0 for dark ones.",
)
@click.option(
    "--wall", type=float, default=0.0, metavar="MM", help="Thickness of a hollow ball; by default it is full."
)
@click.option("--drain", type=float, default=0.0, metavar="MM", help="Width of a hole at its south pole.")
@click.option("--halves", is_flag=True, help="In two halves, whose rims hold each other.")
def solid(run_folder: Path, mm: float, relief: float, wall: float, drain: float, halves: bool) -> None:
    """Make a body of the sphere or model that RUN painted, for a printer in three dimensions.

    3MF, OBJ and PLY have its colours, STL has none. Example: orbifolio solid gallery/escher-orb-print/RUN --mm 80
    --wall 2 --halves
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.moulding import solid_run
    from orbifolio.runner.exports.solid import SolidShape

    shape = SolidShape(mm, relief, wall, drain, halves)
    click.echo(str(solid_run(run_folder, shape, console=make_console())))


@cli.command(short_help="Fill the plane with your own figure, as Escher did.")
@click.argument("figure")
@click.option("--pick", type=click.IntRange(1, 24), default=1, show_default=True, help="Which candidate, 1 the best.")
@click.option("--colours", default=None, help="Two to four colours of the tiles, as '#d9643a,#f3d9a0,#3f7f8c'.")
@click.option("--type", "type_name", default="auto", show_default=True, help="An isohedral type, as IH4.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Folder; by default FIGURE-tiling.")
@click.option(
    "--kerf", type=click.FloatRange(0, 2), default=0.15, show_default=True, help="Width of a laser's cut in mm."
)
@click.option("--metamorphosis", is_flag=True, help="Also a strip: plain polygons turn into the figure.")
@open_option
def tile(
    figure: str,
    pick: int,
    colours: str | None,
    type_name: str,
    out: Path | None,
    kerf: float,
    metamorphosis: bool,
    show: bool,
) -> None:
    """Fill the plane with FIGURE, as Escher did: search the nearest tiles, show eight, and write a recipe of one.

    FIGURE is an SVG, a PNG that is cut out, a photograph of something before a calm ground, or orbifolio:bird. Beside
    the recipe lie a seamless PNG, SVGs of tile and tiling, a page to colour in, a jigsaw for a laser, STL and HPGL.

    Example: orbifolio tile bird.svg --pick 2
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.commands.tiling import tile_figure

    done = tile_figure(
        figure,
        colours=colours,
        type_name=type_name,
        pick=pick,
        out=out,
        kerf=kerf,
        metamorphosis=metamorphosis,
        console=make_console(),
    )
    if show:
        open_page(done.page.resolve().as_uri())
    click.echo(str(done.recipe))


@cli.command()
@click.argument("action", type=click.Choice(["list", "fetch", "verify"]), default="list")
@click.argument("names", nargs=-1, shell_complete=weight_names)
def weights(action: str, names: tuple[str, ...]) -> None:
    """List, fetch or verify the weights of the vision networks.

    Example: orbifolio weights fetch vgg16/imagenet
    """
    from orbifolio.runner.commands.provisioning import weights_command

    if not weights_command(action, names, make_console()):
        sys.exit(1)


@cli.command(short_help="Write a new recipe, as a copy of another.")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option(
    "--from",
    "--like",
    "like",
    default="rainbow-hexagon",
    show_default=True,
    shell_complete=recipe_names,
    help="The shipped recipe to start from, or a PNG that a run has made: it holds its recipe.",
)
def new(path: Path | None, like: str) -> None:
    """Write a new recipe to PATH, as a copy of a shipped one or of the one inside a picture.

    Without PATH the file is named after what it is made from.

    Examples: orbifolio new mine --from simple-square; orbifolio new --from picture.png
    """
    from orbifolio.runner.commands.scaffolding import new_recipe

    click.echo(str(new_recipe(path, like)))


@cli.command()
@click.option("--write", type=click.Path(path_type=Path), default=None, help="Write it to a file instead.")
def schema(write: Path | None) -> None:
    """Print the JSON Schema of recipes, for editors."""
    from orbifolio.runner.files import write_atomically
    from orbifolio.runner.recipe.schema import schema_text

    if write is None:
        click.echo(schema_text(), nl=False)
    else:
        write_atomically(write, schema_text().encode())


cli.add_command(serve)
for command in (launch, ps, logs, stop, cleanup, export):
    cli.add_command(command)


@cli.command()
def doctor() -> None:
    """Show what this machine has and what is missing."""
    from orbifolio.runner.commands.provisioning import doctor_report

    if not doctor_report():
        sys.exit(1)


for command in (cli, *cli.commands.values()):
    add_verbosity(command)


def main() -> None:
    """The console script: foreseen errors are one message and an exit code, never a traceback."""
    show_records()
    try:
        defaults = default_map(cli, read_defaults(config_file(), os.environ))
        code = cli.main(standalone_mode=False, prog_name="orbifolio", default_map=defaults)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except OrbifolioError as error:
        click.echo(str(error) if type(error).__name__ == "RecipeError" else f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has closed it; the flush at exit must not fail, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(
            f"error: {error.filename or 'a file'}: {error.strerror or error}; check the path and its permissions",
            err=True,
        )
        sys.exit(1)
    except MemoryError:
        click.echo("error: out of memory; make the last phase smaller, then try again", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
