"""The style of cells in Neo4j Browser (GraSS): colour, size and caption by label or type, never by property."""

from __future__ import annotations

_INK = "#ffffff"

Style = dict[str, dict[str, str]]


def style(*, names: bool) -> Style:
    """Return the rules by selector; the user's changes to them in Neo4j Browser are kept.

    Parameters
    ----------
    names : bool
        Whether cells have names, to be shown in them instead of their labels.
    """
    return {
        "node.Sample": _node("#5d6b7a", "60px", "{name}"),
        "node.Cell": _node("#3e8fb0", "44px", "{name}" if names else "{label}"),
        "node.Small": {**_colored("#7db4ca"), "diameter": "30px"},
        "node.Large": {**_colored("#2a6480"), "diameter": "64px"},
        "node.Border": {**_colored("#a9bcc8"), "text-color-internal": "#22313b"},
        "relationship.TOUCHES": {
            "color": "#9aa7b1",
            "shaft-width": "2px",
            "font-size": "9px",
            "padding": "3px",
            "text-color-external": "#5d6b7a",
            "text-color-internal": _INK,
            "caption": "{junctions}",
        },
    }


def _node(color: str, diameter: str, caption: str) -> dict[str, str]:
    return {
        **_colored(color),
        "border-width": "2px",
        "text-color-internal": _INK,
        "font-size": "14px",
        "diameter": diameter,
        "caption": caption,
    }


def _colored(color: str) -> dict[str, str]:
    """Return a colour, and the same at three quarters of its brightness for the border."""
    darker = "#" + "".join(f"{int(color[place : place + 2], 16) * 3 // 4:02x}" for place in (1, 3, 5))
    return {"color": color, "border-color": darker}
