"""`orbifolio rank`: several people's votes as one table, as JSON, and what it refuses."""

import json


def write_votes(path, *votes):
    entries = [
        {"id": f"{path.stem}-{number}", "left": left, "right": right, "better": better, "time": 0}
        for number, (left, right, better) in enumerate(votes)
    ]
    path.write_text(json.dumps({"orbifolio": "votes", "version": 1, "votes": entries}))
    return path


def test_votes_of_two_people_become_one_table(tmp_path, command):
    one = write_votes(tmp_path / "ada.json", *[("hexagon/1", "square/1", "left")] * 3)
    other = write_votes(tmp_path / "ben.json", ("square/1", "hexagon/1", "right"), ("hexagon/1", "disk/1", "neither"))
    ranked = command("rank", one, other, one)
    assert ranked.returncode == 0, ranked.stderr
    head, first, second, third, last = ranked.stdout.splitlines()
    assert head.split() == ["run", "better", "95", "%", "won", "lost", "neither"]
    assert first.split()[:2] == ["1", "hexagon/1"]
    assert first.split()[-3:] == ["4", "0", "1"]
    assert second.split()[:2] == ["2", "disk/1"]
    assert third.split()[-3:] == ["0", "4", "0"]
    assert last.startswith("5 votes: 3 for the left picture, 1 for the right, 1 for neither; ")
    as_json = json.loads(command("rank", one, other, "--json").stdout)
    assert as_json["votes"] == 5
    assert [each["run"] for each in as_json["runs"]] == ["hexagon/1", "disk/1", "square/1"]
    assert abs(sum(each["chance"] for each in as_json["runs"]) / 3 - 0.5) < 0.02


def test_all_bad_files_are_told_at_once(tmp_path, command):
    broken, missing = tmp_path / "broken.json", tmp_path / "missing.json"
    broken.write_bytes(b"\xff{")
    ranked = command("rank", broken, missing, write_votes(tmp_path / "good.json"))
    assert ranked.returncode == 2
    assert ranked.stdout == ""
    assert ranked.stderr.splitlines() == [
        f"error: {broken}: is not UTF-8 text",
        f"{missing}: cannot be read (No such file or directory)",
    ]


def test_no_votes_are_no_ranking(tmp_path, command):
    assert command("rank", write_votes(tmp_path / "empty.json")).stdout == "no votes\n"
