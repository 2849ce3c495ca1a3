from orbifolio.runner.gas.stops import ErrorReached, Moment, NodesReached, Plateau


def test_stops_say_why():
    history = [Moment(10, 4.0), Moment(20, 2.0), Moment(30, 1.99)]
    assert NodesReached(count=30).reason(history) == "30 nodes"
    assert NodesReached(count=31).reason(history) == ""
    assert ErrorReached(pixels=2).reason(history) == "quantisation error 1.990 pixels"
    assert ErrorReached(pixels=1.9).reason(history) == ""


def test_a_plateau_is_looked_back_at():
    falling = [Moment(10, 10 * 0.5**step) for step in range(6)]
    assert Plateau(steps=2, share=0.1).reason(falling) == ""
    flat = [*falling, *[Moment(10, falling[-1].error)] * 2]
    assert Plateau(steps=2, share=0.1).reason(flat) == "no better than 2 steps ago"
    assert Plateau(steps=20).reason(flat) == ""
