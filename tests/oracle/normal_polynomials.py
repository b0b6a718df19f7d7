"""Prints the coefficients of the polynomials in plugins/cpu/normal.c and plugins/vulkan/shaders/random.comp.

    python normal_polynomials.py        (needs numpy)

Each polynomial is fitted by least squares with weights that grow where the error is large (Lawson's method), until the
largest error, relative to the whole function, is about as small as the degree allows; then its coefficients are rounded
to float. Errors are in units of the result: 2^-25 would be half a unit in a float's last place.
"""
import numpy as np

QUARTER = np.pi / 4


def fit(target, weight, lo, hi, degree, rounds=4000):
    """Coefficients p, lowest first, with the largest |p(x) - target(x)| weight(x) on [lo, hi] small; that largest."""
    x = (lo + hi) / 2 + (hi - lo) / 2 * np.cos(np.linspace(0, np.pi, 4001))
    x = x[np.abs(x) > 1e-3]  # nearer to 0 the targets are differences of equal numbers
    basis, t, w = np.vander(x, degree + 1, increasing=True), target(x), weight(x)
    emphasis = np.ones_like(x)
    for _ in range(rounds):
        root = np.sqrt(emphasis) * w
        p = np.linalg.lstsq(basis * root[:, None], t * root, rcond=None)[0]
        error = np.abs((basis @ p - t) * w)
        emphasis *= error / error.max() + 1e-3
        emphasis /= emphasis.mean()
    return p, error.max()


def of_log(f):  # log(1 + f) = f - f^2 / 2 + f^3 p(f)
    f = f.astype(np.longdouble)
    return ((np.log1p(f) - f + f * f / 2) / f**3).astype(float)


def of_sine(r2):  # sin r = r + r^3 p(r^2)
    r = np.sqrt(r2.astype(np.longdouble))
    return ((np.sin(r) - r) / r**3).astype(float)


def of_cosine(r2):  # cos r = 1 - r^2 / 2 + r^4 p(r^2)
    r = np.sqrt(r2.astype(np.longdouble))
    return ((np.cos(r) - 1 + r * r / 2) / r**4).astype(float)


for name, row in {
    "log": (of_log, lambda f: np.abs(f**3 / np.log1p(f)), 0.5**0.5 - 1, 2**0.5 - 1, 8),
    "sine": (of_sine, lambda r2: r2, 0, QUARTER**2, 2),
    "cosine": (of_cosine, lambda r2: r2**2 / np.cos(np.sqrt(r2)), 0, QUARTER**2, 2),
}.items():
    coefficients, largest = fit(*row)
    print(f"{name} (error 2^{np.log2(largest):.1f}):", ", ".join(f"{np.float32(c):.9g}" for c in coefficients))
