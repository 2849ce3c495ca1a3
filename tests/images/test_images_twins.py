"""Every picture is read as its twin with 8 bits, within one step of these, in whatever form it is stored."""

from picture_corpus import corpus

from orbifolio.runner.images.reading import read_picture


def test_every_form_of_a_picture_is_read_as_its_twin_with_eight_bits():
    made = corpus()
    assert len(made) >= 300
    assert len({each.name for each in made}) == len(made)
    wrong = []
    for each in made:
        try:
            pixels = read_picture(each.data, each.name).pixels
        except Exception as error:
            wrong.append(f"{each.name}: {error}")
            continue
        if pixels.shape != each.pixels.shape:
            wrong.append(f"{each.name}: {pixels.shape} for {each.pixels.shape}")
        elif (off := abs(pixels - each.pixels).max() * 255) > 1.001:
            wrong.append(f"{each.name}: off by {off:.1f} steps of 8 bits")
    assert not wrong, f"{len(wrong)} of {len(made)}:\n" + "\n".join(wrong)
