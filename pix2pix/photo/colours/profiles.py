"""Colour spaces in closed form: primaries, a white point and a curve become a profile that littlecms reads."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
D65, DCI_WHITE, ILLUMINANT_C = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316)
D50_XYZ = np.array([0.9642, 1.0, 0.8249])  # of profiles
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Primaries:
    """Chromaticities (x, y) of red, green, blue and white."""

    red: Point
    green: Point
    blue: Point
    white: Point = D65

    def to_xyz(self) -> NDArray[np.float64]:
        """The matrix, 3 x 3, from linear red, green and blue to XYZ, with a white of Y = 1.

        Raises:
            ArithmeticError, ValueError: they span no colours.
        """
        columns = np.array([_xyz(point) for point in (self.red, self.green, self.blue)]).T
        if abs(np.linalg.det(columns)) < 1e-4:
            raise ValueError("primaries that span no colours")
        return np.asarray(columns * np.linalg.solve(columns, _xyz(self.white)), np.float64)


SRGB = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
BT2020 = Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
ADOBE = Primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
BY_NUMBER = {  # as ITU-T H.273 numbers them
    1: SRGB,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), ILLUMINANT_C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), ILLUMINANT_C),
    9: BT2020,
    11: Primaries(DISPLAY_P3.red, DISPLAY_P3.green, DISPLAY_P3.blue, DCI_WHITE),
    12: DISPLAY_P3,
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}


def between(source: Primaries, target: Primaries) -> NDArray[np.float64]:
    """The matrix, 3 x 3, from linear colours of ``source`` to those of ``target``; white stays white."""
    return np.asarray(np.linalg.solve(_to_d50(target), _to_d50(source)), np.float64)


def profile(primaries: Primaries, gamma: float | None) -> bytes:
    """An ICC profile of RGB colours. ``gamma`` is the curve's exponent, or ``None`` for that of sRGB.

    Raises:
        ArithmeticError, ValueError: the primaries span no colours.
    """
    columns = _to_d50(primaries).T
    curve = _curve(gamma)
    tags = {name: _xyz_tag(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    return _icc(b"RGB ", tags | {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve, b"wtpt": _xyz_tag(D50_XYZ)})


def grey_profile(gamma: float) -> bytes:
    """An ICC profile of greys whose curve has the exponent ``gamma``."""
    return _icc(b"GRAY", {b"kTRC": _curve(gamma), b"wtpt": _xyz_tag(D50_XYZ)})


def _xyz(point: Point) -> NDArray[np.float64]:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_d50(primaries: Primaries) -> NDArray[np.float64]:
    from_white, to_white = BRADFORD @ _xyz(primaries.white), BRADFORD @ D50_XYZ
    adaptation = np.linalg.solve(BRADFORD, np.diag(to_white / from_white) @ BRADFORD)
    return np.asarray(adaptation @ primaries.to_xyz(), np.float64)


def _fixed(number: float) -> bytes:
    return struct.pack(">i", round(max(-32_767.0, min(32_767.0, number)) * 65_536))


def _xyz_tag(xyz: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, xyz.tolist()))


def _curve(gamma: float | None) -> bytes:
    if gamma is not None:
        return b"para\0\0\0\0\0\0\0\0" + _fixed(gamma)
    of_srgb = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0\0\3\0\0" + b"".join(map(_fixed, of_srgb))


def _icc(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, data, start = struct.pack(">L", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sLL", name, start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    head = struct.pack(">L4sL4s4s4s", start + len(data), b"\0\0\0\0", 0x04_20_00_00, b"mntr", space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + b"".join(map(_fixed, D50_XYZ.tolist()))
    return head.ljust(128, b"\0") + table + data
