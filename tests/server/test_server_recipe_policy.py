"""What a recipe from a browser may not ask for, wherever in the recipe it says so; and that files may."""

from __future__ import annotations

import pytest
from served import TINY, Visitor

HERE = "renderer:\n  kind: growing-neural-gas\n  image: {}\n"


def check(visitor: Visitor, text: str, recipe: str = "nets/plain") -> list[dict]:
    answer = visitor.client.post("/api/check", json={"recipe": recipe, "text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()["problems"]


@pytest.mark.parametrize(
    "place",
    [
        "/etc/passwd",
        "../tiny.yaml",
        "../../../../etc/passwd",
        "a/../../x.png",
        "~/.ssh/id_rsa",
        "C:\\windows\\x.png",
        "\\\\host\\share\\x.png",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "s3://bucket/key.png",
        "http://169.254.169.254/latest/meta-data",
        "ftp://host/x.png",
        "gopher://127.0.0.1:25/x",
        "link.png",
        "l\u00efnk.png",
    ],
)
def test_places_on_this_machine_are_refused(visitor: Visitor, place):
    theme = visitor.serving.state.catalogue.get("nets/plain").path.parent
    if not (theme / "link.png").is_symlink():
        (theme / "link.png").symlink_to("/etc/passwd")
        (theme / "li\u0308nk.png").symlink_to("/etc/passwd")  # the other spelling of one that is asked for
    problems = check(visitor, "title: x\n" + HERE.format(repr(place)))
    assert any(problem["path"] == "renderer.image" for problem in problems), problems


@pytest.mark.parametrize(
    "part",
    [
        "publish: {kind: folder, path: out}",
        "publish: {kind: s3, bucket: my-bucket}",
        "qualities: {a: {publish: {kind: folder, path: out}}}\nquality: a",
        "qualities: {a: {publish.kind: folder, publish.path: out}}\nquality: a",
        "qualities: {a: {renderer.image: /etc/passwd}}\nquality: a",
        "style_preparation: {palette: ../../x.png}",
        "x-note: &n /etc/passwd\nstyle_preparation: {palette: *n}",
    ],
)
def test_so_are_they_in_qualities_and_by_anchors(visitor: Visitor, part):
    problems = check(visitor, "title: x\n" + HERE.format("skimage:horse") + part + "\n")
    assert problems, part


def test_words_for_people_may_hold_anything(visitor: Visitor):
    text = "title: /etc ../x\nabout: see file:///x\n" + HERE.format("skimage:horse")
    assert check(visitor, text) == []


def test_what_the_recipe_s_own_file_says_is_allowed(visitor: Visitor):
    problems = visitor.client.post("/api/check", json={"recipe": "mesh/teapot-like"}).json()["problems"]
    assert problems == []  # its model lies beside the themes


def test_a_picture_below_the_recipe_s_folder_is_read(visitor: Visitor):
    theme = visitor.serving.state.catalogue.get("nets/plain").path.parent
    from served import picture

    (theme / "mine.png").write_bytes(picture())
    assert check(visitor, "title: x\n" + HERE.format("mine.png")) == []


def test_private_addresses_are_not_fetched(visitor: Visitor):
    """What is fetched is fetched by the run; the guard against private addresses is that of all recipes."""
    text = TINY.replace('"upload:photo"', "https://127.0.0.1:1/x.png")
    answer = visitor.client.post("/api/runs", json={"recipe": "nets/tiny", "text": text})
    if answer.status_code == 201:
        told = visitor.wait(answer.json()["id"], "failed", "done")
        assert told["state"] == "failed"
        assert "not a public address" in str(told["message"])
    else:
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}' if n else '*a'] * 9)}]\n" for n in range(9)),
        "[" * 3000,
        "{a: " * 3000,
        "title: " + "x" * 900_000,
        "renderer: !!python/object/apply:os.system ['id']",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "seed: 9" * 10_000,
    ],
)
def test_texts_that_are_traps_are_refused_quickly(visitor: Visitor, text):
    answer = visitor.client.post("/api/check", json={"text": text})
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert answer.json()["problems"]
