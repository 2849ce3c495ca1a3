"""Where a named file is: beside the recipe, where it was typed, at home, in either spelling."""

import unicodedata
from pathlib import Path

import pytest
from pydantic import ValidationError

from orbifolio.runner.named_files import ExistingFile, FileName, NamedFile, TypedName, as_spelt, file_of
from orbifolio.runner.settings import Settings


class Named(Settings):
    """Names."""

    picture: FileName = "orbifolio:oil"
    weights: ExistingFile | None = None


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Of the recipe, and of the command line."""
    for name in ("recipes", "here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo.jpg").write_text(name)
    return tmp_path / "recipes", tmp_path / "here"


def typed(text: str, folder: Path) -> TypedName:
    name = TypedName(text)
    name.folder = folder
    return name


def picture(value: str, recipes: Path) -> str:
    return Named.model_validate({"picture": value}, context={"folder": recipes}).picture


def test_a_name_in_a_recipe_means_the_same_from_any_folder(folders, monkeypatch):
    recipes, here = folders
    name = picture("photo.jpg", recipes)
    assert name == "photo.jpg"
    monkeypatch.chdir(here)
    assert file_of(name).read_text() == "recipes"


def test_a_name_on_the_command_line_is_meant_from_where_it_is_typed(folders):
    recipes, here = folders
    assert file_of(picture(typed("photo.jpg", here), recipes)).read_text() == "here"
    (here / "photo.jpg").unlink()
    assert file_of(picture(typed("photo.jpg", here), recipes)).read_text() == "recipes"


def test_what_lies_beside_the_recipe_keeps_a_name_that_travels(folders):
    recipes, here = folders
    assert picture(typed("../recipes/photo.jpg", here), recipes) == "photo.jpg"
    assert picture(typed("photo.jpg", recipes), recipes) == "photo.jpg"
    assert picture(typed("orbifolio:oil", here), recipes) == "orbifolio:oil"


def test_home_is_written_out(folders, monkeypatch):
    recipes, here = folders
    monkeypatch.setenv("HOME", str(here))
    assert file_of(picture("~/photo.jpg", recipes)).read_text() == "here"
    assert file_of(picture(typed("~/photo.jpg", recipes), recipes)).read_text() == "here"
    assert file_of("~/photo.jpg", recipes).read_text() == "here"


@pytest.mark.parametrize(("there", "asked"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_both_spellings_of_an_accent_find_a_file(tmp_path, there, asked):
    folder = tmp_path / unicodedata.normalize(there, "é")
    folder.mkdir()
    file = folder / unicodedata.normalize(there, "café.jpg")
    file.write_text("found")
    name = unicodedata.normalize(asked, "é/café.jpg")
    assert file_of(name, tmp_path) == file
    assert as_spelt(tmp_path / "cafe.jpg") == tmp_path / "cafe.jpg"


def test_a_file_that_must_be_there_is_a_fault_of_the_recipe(folders):
    recipes, _ = folders
    context = {"folder": recipes}
    assert isinstance(Named.model_validate({"weights": "photo.jpg"}, context=context).weights, NamedFile)
    with pytest.raises(ValidationError, match="no such file: 'none.pth'; paths in a recipe are relative to it"):
        Named.model_validate({"weights": "none.pth"}, context=context)
    assert Named.model_validate({"weights": "none.pth"}).weights == "none.pth"  # outside of a recipe: when it is read


def test_names_are_written_as_plain_text(folders):
    recipes, here = folders
    values = Named.model_validate({"picture": typed("photo.jpg", here)}, context={"folder": recipes})
    assert values.model_dump(mode="json")["picture"] == str(here / "photo.jpg")
    assert type(values.model_dump(mode="json")["picture"]) is str
