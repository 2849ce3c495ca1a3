"""Inks are a map (channels -> colours) under which permuting channels permutes the colours of a palette.

A colour action permutes red, green and blue, and inverts them; a palette has other colours. So the artwork is made in
channels, and printed: colour = matrix (channels - 1/2) + offset. The network sees the print, and the symmetry stays
exact, because an affine map stands between them and nothing else.

Convention: channels and colours are sRGB-encoded numbers, channels centred at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour

ALIKE = 0.12  # distance of two colours of a palette that are refused as the same
TINT = 0.08  # by which colours in one line are moved out of it, so that channels can be told from the print
OUT_OF_PLANE = 0.3  # of the axis of greys: how far it stands out of the plane of the colours' differences
TETRAHEDRON = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]]) / 2
"""Channels of four colours: the corners that signed permutations of determinant 1 with an even number of signs, and
their products with exchanges, permute in all 24 ways."""


@dataclass(frozen=True)
class Inks:
    """A print of channels.

    Attributes:
        matrix: (3, 3) colours from centred channels.
        offset: (3,) the colour of mid-grey.
        colours: (k, 3) the palette.
        ink: (3,) the darkest colour that no action changes; with four colours their mean is the only one.
        paper: (3,) the lightest.
    """

    matrix: F64
    offset: F64
    colours: F64
    ink: F64
    paper: F64

    @cached_property
    def actions(self) -> F64:
        """(n, 3, 3) the colour elements that permute the palette."""
        places = (self.colours - self.offset) @ self.inverse.T
        moved = np.einsum("nij,kj->nki", colour.MATRICES.astype(np.float64), places)
        apart = np.abs(moved[:, :, None] - places[None, None]).max(3).min(2)
        result: F64 = colour.MATRICES[apart.max(1) < 1e-6].astype(np.float64)
        return result

    def in_gamut(self, picture: F64) -> F64:
        """A print whose colours lie in [0, 1], changed alike wherever a colour action moves it.

        Clipping each colour by itself would break the symmetry: what is too bright in one ink need not be so in
        another. So a colour is drawn towards what no action changes, as far as all its images need.

        Args:
            picture: (..., 3) colours, some of them beyond [0, 1].
        """
        channels = self.channels(picture) - 0.5
        kept = channels @ self.actions.mean(0).T
        across = channels - kept
        base = kept @ self.matrix.T  # along the one axis that is kept
        room = np.where(base > 0, 1 - self.offset, self.offset) / np.maximum(np.abs(base), 1e-12)
        base = self.offset + base * np.minimum(1.0, room.min(-1, keepdims=True))
        scale = np.ones(picture.shape[:-1])
        for action in self.actions:
            moved = across @ (self.matrix @ action).T
            room = np.where(moved > 0, 1 - base, base) / np.maximum(np.abs(moved), 1e-12)
            scale = np.minimum(scale, room.min(-1))
        result: F64 = base + scale[..., None] * (across @ self.matrix.T)
        return result

    @property
    def inverse(self) -> F64:
        """(3, 3) channels from colours."""
        result: F64 = np.linalg.inv(self.matrix).astype(np.float64)
        return result

    def print_of(self, channels: F64) -> F64:
        """The way back from `channels`."""
        result: F64 = (np.asarray(channels, np.float64) - 0.5) @ self.matrix.T + self.offset
        return result

    def channels(self, picture: F64) -> F64:
        """The channels of a print, centred at mid-grey 1/2 as pictures are.

        Args:
            picture: (..., 3) colours.
        """
        result: F64 = (np.asarray(picture, np.float64) - self.offset) @ self.inverse.T + 0.5
        return result


def inks_of(colours: Sequence[tuple[float, float, float]]) -> Inks:
    """Inks of two, three or four colours.

    Mid-grey is printed as the colours' mean c. With three, M (e_i - e_j) = c_i - c_j, and the axis of greys, M 1, goes
    from ink through the mean to paper: straight up from black, but bent where it would lie in the plane of the
    differences, as it does for orange, cream and blue. Of two, the third direction is left as it is. Of four, the
    corners of a tetrahedron go to the colours.

    Raises:
        ValueError: two colours are nearly the same.
    """
    palette = np.array(colours, np.float64)
    mean = palette.mean(0)
    apart = np.linalg.norm(palette[:, None] - palette[None], axis=2)[~np.eye(len(palette), dtype=bool)].min()
    if apart < ALIKE:
        raise ValueError("has two colours that are nearly the same; neighbours must differ; choose others")
    if len(palette) == 4:
        matrix = (palette - mean).T @ TETRAHEDRON / (TETRAHEDRON**2).sum(0)[0]
        return Inks(_out_of_plane(matrix), mean, palette, mean, mean)
    greys = mean / max(float(mean.max()), 0.3)
    if len(palette) == 2:
        across = np.cross(palette[0] - palette[1], greys)
        if np.linalg.norm(across) < TINT:  # as of black and white
            across = np.cross(palette[0] - palette[1], [0.0, 0.0, 1.0])
        palette = np.vstack([palette, mean + 0.5 * across / np.linalg.norm(across)])
        shown = 2
    else:
        shown, palette = 3, _off_their_line(palette)
    differences = palette - palette.mean(0)
    normal = np.cross(palette[0] - palette[1], palette[0] - palette[2])
    normal /= max(float(np.linalg.norm(normal)), 1e-9)
    height = float(greys @ normal)
    if abs(height) < OUT_OF_PLANE:
        greys = greys + ((OUT_OF_PLANE if height >= 0 else -OUT_OF_PLANE) - height) * normal
    matrix = np.outer(greys, np.ones(3)) / 3 + differences.T @ (np.eye(3) - 1 / 3)
    up, down = _room(mean, greys), _room(mean, -greys)
    return Inks(matrix, mean, palette[:shown], mean - down * greys, mean + up * greys)


def _off_their_line(palette: F64) -> F64:
    """Three colours that make a triangle: those nearly in one line, such as greys, are tinted a little."""
    mean = palette.mean(0)
    along, sizes, directions = np.linalg.svd(palette - mean)
    if sizes[1] >= TINT:
        return palette
    pattern = np.cross(np.ones(3) / np.sqrt(3), along[:, 0])  # no shift of all, and none along the line
    result: F64 = palette + (TINT - sizes[1]) * np.outer(pattern, directions[1])
    return result


def _room(colour: F64, direction: F64) -> float:
    """How far a colour can go in a direction within [0, 1]."""
    ends = np.where(direction > 0, 1 - colour, colour) / np.maximum(np.abs(direction), 1e-9)
    return float(ends.min())


def _out_of_plane(matrix: F64) -> F64:
    """The matrix with singular values of a twentieth at least: four colours in one plane still tell their channels."""
    left, values, right = np.linalg.svd(matrix)
    result: F64 = left @ np.diag(np.maximum(values, 0.05)) @ right
    return result
