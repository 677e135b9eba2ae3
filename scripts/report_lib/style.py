"""Colours of the page and of the plots. A plot for the page is drawn in placeholder colours, each of which stands for a CSS variable, so
that one drawing serves a light page, a dark page and paper. A plot for a file is drawn in the colours of one scheme."""

import contextlib

# role: (placeholder, light, dark)
COLOURS = {
    "ink": ("#010101", "#1c1e21", "#e6e6e3"),
    "muted": ("#020202", "#62676d", "#9ba1a8"),
    "rule": ("#030303", "#d9dadb", "#3a3e43"),
    "paper": ("#040404", "#ffffff", "#16181b"),
    "scalar": ("#050505", "#8d949c", "#7f868e"),
    "cpu": ("#060606", "#2f6690", "#6ba3d0"),
    "cuda": ("#070707", "#3a7d44", "#74b97e"),
    "simt": ("#080808", "#c26a1b", "#e0964f"),
    "bad": ("#090909", "#b3261e", "#f2837c"),
    "shade": ("#0a0a0a", "#f5f5f3", "#202327"),
    "peer": ("#0b0b0b", "#b3b8bd", "#5c636a"),
    # Variants: Okabe and Ito's colours, which colour-blind readers tell apart, darkened for white paper and lightened for black.
    "blue": ("#111111", "#0072b2", "#5aaee0"),
    "vermilion": ("#121212", "#d55e00", "#f08a4b"),
    "green": ("#131313", "#008f68", "#3cc79f"),
    "purple": ("#141414", "#b0558d", "#dba0c4"),
    "gold": ("#151515", "#b38300", "#e3b341"),
    "sky": ("#161616", "#3f9fd0", "#a5d8f5"),
    "brown": ("#171717", "#7a5230", "#c09a75"),
    "slate": ("#181818", "#505c6b", "#b5c0cd"),
}
VARIANT_COLOURS = ("blue", "vermilion", "green", "purple", "gold", "sky", "brown", "slate")
MARKERS = "osD^vPX<"

scheme = None  # None: placeholders


def colour(role):
    index = {None: 0, "light": 1, "dark": 2}[scheme]
    return COLOURS[role][index]


@contextlib.contextmanager
def drawn_in(name):
    """Within it, plots take the colours of "light" or "dark", for files that no page colours."""
    global scheme
    before, scheme = scheme, name
    try:
        yield
    finally:
        scheme = before


def with_variables(svg):
    """The drawing, with every placeholder replaced by its variable."""
    for role, (placeholder, _, _) in COLOURS.items():
        svg = svg.replace(placeholder, f"var(--{role})")
    return svg


def variables(name):
    """The CSS declarations of one scheme, "light" or "dark"."""
    index = {"light": 1, "dark": 2}[name]
    return " ".join(f"--{role}: {values[index]};" for role, values in COLOURS.items())


class Marks:
    """Colour and marker of every variant of a report: the same in each of its plots, and no two alike up to 64 of them."""

    def __init__(self, names):
        self.places = {name: place for place, name in enumerate(name for name in dict.fromkeys(names) if name != "scalar")}

    def colour(self, name):
        return colour("scalar" if name == "scalar" else VARIANT_COLOURS[self.places[name] % len(VARIANT_COLOURS)])

    def marker(self, name):
        if name == "scalar":
            return "o"
        column, row = self.places[name] % len(VARIANT_COLOURS), self.places[name] // len(VARIANT_COLOURS)
        return MARKERS[(column + row) % len(MARKERS)]

    def point(self, name, order, size=4.6):
        """How a variant is drawn as a point. Filled: the same bits in every run; hollow: they may differ; half: nobody says;
        ringed: the same bits whatever the order of the input."""
        own = self.colour(name)
        look = {"marker": self.marker(name), "markersize": size, "color": own, "markeredgecolor": own, "markeredgewidth": 1.0}
        if order == "none":
            return {**look, "markerfacecolor": colour("paper")}
        if order == "":
            return {**look, "fillstyle": "left", "markerfacecoloralt": colour("paper")}
        if order == "order_invariant":
            return {**look, "markeredgecolor": colour("ink"), "markeredgewidth": 1.3}
        return look
