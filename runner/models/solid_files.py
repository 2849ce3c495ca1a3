"""What colour printers read: (points, triangles, colours) -> 3MF, PLY and OBJ, in millimetres, z up.

PLY is written by trimesh, which has no colours in 3MF and would cut an OBJ's surface where its texture is cut; those
two are a few lines of text each.

References: 3MF Consortium, Core Specification 1.3 and Materials and Properties Extension 1.2 (colour groups);
Wavefront, Object Files (1995).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

import numpy as np

from orbifolio.runner.arrays import F64, I64

_DAY = (1980, 1, 1, 0, 0, 0)  # of files in archives, so that equal bodies give equal bytes
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>\n'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/3D/3dmodel.model" Id="model" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>\n'
)
_STEP = 8  # of colours from 0 to 255: finer ones are not told apart on a print, and make files many times as large


def archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip file of these, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return buffer.getvalue()


def write_3mf(points: F64, faces: I64, colours: F64, *, title: str) -> bytes:
    """The bytes of a 3MF file whose triangles blend the colours of their corners.

    Args:
        points: (N, 3) millimetres.
        faces: (M, 3), counter-clockwise as seen from outside.
        colours: (N, 3) of the points, 0 to 255; rounded to steps of 8.
        title: of the model.
    """
    coarse = np.minimum(np.round(colours / _STEP) * _STEP, 255).astype(np.int64)
    palette, chosen = np.unique(coarse, axis=0, return_inverse=True)
    chosen = chosen.reshape(-1)
    names = "".join(f'<m:color color="#{r:02X}{g:02X}{b:02X}"/>' for r, g, b in palette)
    vertices = "".join(f'<vertex x="{x:.4f}" y="{y:.4f}" z="{z:.4f}"/>' for x, y, z in points.tolist())
    rows = np.column_stack([faces, chosen[faces]]).tolist()
    triangles = "".join(
        f'<triangle v1="{a}" v2="{b}" v3="{c}" pid="1" p1="{p}" p2="{q}" p3="{r}"/>' for a, b, c, p, q, r in rows
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<model unit="millimeter" xml:lang="en-US" '
        'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" '
        'xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02">'
        f'<metadata name="Title">{quoteattr(title)[1:-1]}</metadata>'
        f'<resources><m:colorgroup id="1">{names}</m:colorgroup>'
        f'<object id="2" type="model" pid="1" pindex="0"><mesh><vertices>{vertices}</vertices>'
        f"<triangles>{triangles}</triangles></mesh></object></resources>"
        '<build><item objectid="2"/></build></model>\n'
    )
    return archive(
        [
            ("[Content_Types].xml", _TYPES.encode()),
            ("_rels/.rels", _RELATIONS.encode()),
            ("3D/3dmodel.model", text.encode()),
        ]
    )


def write_ply(points: F64, faces: I64, colours: F64) -> bytes:
    """The bytes of a binary PLY file with colours of points; arguments as those of `write_3mf`."""
    from trimesh import Trimesh  # only here: importing it takes a third of a second
    from trimesh.exchange.ply import export_ply

    shades = np.column_stack([colours, np.full(len(colours), 255)]).astype(np.uint8)
    data: bytes = export_ply(Trimesh(points, faces, vertex_colors=shades, process=False))
    return data


def write_obj(points: F64, faces: I64, uv: F64, uv_faces: I64, texture: bytes, *, name: str, title: str) -> bytes:
    """A zip file of OBJ, MTL and texture.

    Args:
        points: (N, 3) millimetres.
        faces: (M, 3), counter-clockwise as seen from outside.
        uv: (K, 2) places in the texture, from its upper left corner.
        uv_faces: (M, 3) of the triangles' corners.
        texture: a PNG.
        name: of the files, without their endings.
        title: for the first line.
    """
    lines = [f"# {' '.join(title.split())}; millimetres, z up", f"mtllib {name}.mtl", "usemtl picture"]
    lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points.tolist()]
    lines += [f"vt {u:.6f} {1 - v:.6f}" for u, v in uv.tolist()]
    rows = np.stack([faces, uv_faces], axis=2).reshape(-1, 6) + 1
    lines += [f"f {a}/{p} {b}/{q} {c}/{r}" for a, p, b, q, c, r in rows.tolist()]
    material = f"newmtl picture\nKa 1 1 1\nKd 1 1 1\nKs 0 0 0\nmap_Kd {name}.png\n"
    files = {"obj": "\n".join([*lines, ""]).encode(), "mtl": material.encode(), "png": texture}
    return archive([(f"{name}.{ending}", content) for ending, content in files.items()])
