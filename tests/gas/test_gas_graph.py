import networkx
import numpy as np
import pytest

from orbifolio.runner.errors import InputError
from orbifolio.runner.gas.graph import Graph, union


@pytest.fixture
def graph():
    random = np.random.default_rng(1)
    nodes = random.uniform(0, 100, (60, 2))
    return Graph.of(nodes, random.integers(0, 60, (90, 2)), width=100, height=80)


def as_networkx(graph):
    told = networkx.Graph()
    told.add_nodes_from(range(len(graph.nodes)))
    told.add_edges_from(graph.edges.tolist())
    return told


def test_edges_are_in_canonical_form(graph):
    assert (graph.edges[:, 0] < graph.edges[:, 1]).all()
    assert np.array_equal(np.unique(graph.edges, axis=0), graph.edges)


def test_components_are_those_of_networkx(graph):
    labels = graph.components()
    sets = {frozenset(np.flatnonzero(labels == label).tolist()) for label in range(labels.max() + 1)}
    assert sets == {frozenset(part) for part in networkx.connected_components(as_networkx(graph))}
    assert np.array_equal(np.unique(labels, return_index=True)[1], sorted(np.unique(labels, return_index=True)[1]))


def test_triangles_are_those_of_networkx(graph):
    found = {tuple(row) for row in graph.triangles().tolist()}
    cliques = {tuple(sorted(c)) for c in networkx.enumerate_all_cliques(as_networkx(graph)) if len(c) == 3}
    assert found == cliques
    assert found


def test_an_edge_goes_the_short_way_round():
    graph = Graph.of([[1, 5], [9, 5]], [[0, 1]], width=10, height=10, wrap=(False, True))
    assert graph.vectors().tolist() == [[-2, 0]]
    assert Graph.of([[1, 5], [9, 5]], [[0, 1]], width=10, height=10).lengths().tolist() == [8]


def test_json_gives_the_same_graph_back(graph):
    again = Graph.from_json(graph.to_json(decimals=14))
    assert np.allclose(again.nodes, graph.nodes, rtol=0, atol=1e-12)
    assert np.array_equal(again.edges, graph.edges)
    assert (again.width, again.height, again.wrap) == (100, 80, (False, False))


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"nodes": [], "edges": []}', '{"nodes": [[0, 0]], "edges": [[0, 3]], "width": 1, "height": 1}']
)
def test_what_is_no_graph_is_refused(text):
    with pytest.raises(InputError, match=r"graph\.json"):
        Graph.from_json(text)


def test_parts_and_unions_keep_their_edges(graph):
    keep = graph.degrees() > 1
    part = graph.subgraph(keep)
    assert len(part.edges) == as_networkx(graph).subgraph(np.flatnonzero(keep)).number_of_edges()
    both = union([graph, part])
    assert len(both.edges) == len(graph.edges) + len(part.edges)
    assert both.components().max() + 1 == graph.components().max() + 1 + part.components().max() + 1
