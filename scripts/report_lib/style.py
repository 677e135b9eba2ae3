"""Colours of the page and of the plots. Plots are drawn in placeholder colours, each of which stands for a CSS variable, so
that one drawing serves a light page, a dark page and paper."""

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
}


def placeholder(role):
    return COLOURS[role][0]


def with_variables(svg):
    """The drawing, with every placeholder replaced by its variable."""
    for role, (colour, _, _) in COLOURS.items():
        svg = svg.replace(colour, f"var(--{role})")
    return svg


def variables(scheme):
    """The CSS declarations of one scheme, "light" or "dark"."""
    index = {"light": 1, "dark": 2}[scheme]
    return " ".join(f"--{role}: {values[index]};" for role, values in COLOURS.items())
