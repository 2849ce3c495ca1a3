"""Graphs as files for other programs: functions (graph) -> bytes of GraphML and NumPy, beside graph.json."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.vector.svg_path import number


def graphml(graph: Graph) -> bytes:
    """GraphML (Brandes et al. 2002) with attributes x, y of nodes and length of edges, in pixels."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        '<key id="x" for="node" attr.name="x" attr.type="double"/>',
        '<key id="y" for="node" attr.name="y" attr.type="double"/>',
        '<key id="length" for="edge" attr.name="length" attr.type="double"/>',
        '<graph id="gas" edgedefault="undirected">',
    ]
    for index, (x, y) in enumerate(graph.nodes.tolist()):
        lines.append(f'<node id="n{index}"><data key="x">{number(x)}</data><data key="y">{number(y)}</data></node>')
    for (i, j), length in zip(graph.edges.tolist(), graph.lengths().tolist(), strict=True):
        lines.append(f'<edge source="n{i}" target="n{j}"><data key="length">{number(length)}</data></edge>')
    return "\n".join([*lines, "</graph>", "</graphml>", ""]).encode()


def arrays(graph: Graph) -> bytes:
    """A NumPy archive: nodes (n, 2), edges (m, 2), triangles (t, 3), size (width, height), wrap (2,).

    Written with a fixed date, so that equal graphs give equal bytes (`numpy.savez` writes the present time).
    """
    contents = {
        "nodes": graph.nodes,
        "edges": graph.edges,
        "triangles": graph.triangles(),
        "size": np.array([graph.width, graph.height]),
        "wrap": np.array(graph.wrap),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in contents.items():
            inner = io.BytesIO()
            np.save(inner, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), inner.getvalue())
    return buffer.getvalue()
