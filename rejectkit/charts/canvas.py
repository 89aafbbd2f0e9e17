"""Where a chart is drawn: on axes it is handed, or on a figure of its own; and how much room there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from io import BytesIO
from typing import ParamSpec

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rejectkit.charts import text
from rejectkit.errors import ArgumentError

P = ParamSpec("P")

SMALL, TITLE = 9.0, 11.0  # points
WIDTH = 9.6  # inches, of a figure of our own
ROW = 0.23  # inches, of a bar or a cell and the air around it
_PITCH = SMALL * 1.3 / 72  # inches from one line of labels to the next, at least
_KEPT = 0.7  # of the axes, about, that a layout engine leaves of what it finds


class Picture(Figure):
    """A figure that Jupyter shows without pyplot."""

    def _repr_png_(self) -> bytes:
        stream = BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()


class PictureAxes(Axes):
    """The axes of a `Picture`; as a cell's last value they show the picture."""

    def _repr_png_(self) -> bytes | None:
        figure = self.figure
        return figure._repr_png_() if isinstance(figure, Picture) else None


@dataclass(frozen=True, slots=True)
class Canvas:
    """Axes to draw on, and what may be done with their figure.

    Attributes
    ----------
    ax : Axes
        To draw on.
    own : bool
        The figure is ours, of any height.
    fits : bool
        The axes may be moved on their figure, to make room for what is beside them: they are alone there,
        and no layout engine does that.
    """

    ax: Axes
    own: bool
    fits: bool

    @property
    def figure(self) -> Figure:
        """The figure the axes are on."""
        figure = self.ax.get_figure(root=True)
        if figure is None:
            raise ArgumentError("the axes are on no figure any more; make new ones, or leave ax out")
        return figure

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the axes in inches, as they are or as a layout engine will about leave them."""
        box = self.ax.get_window_extent()
        kept = 1.0 if self.figure.get_layout_engine() is None else _KEPT
        return float(box.width) * kept / self.figure.dpi, float(box.height) * kept / self.figure.dpi

    def rows(self, wanted: int, under: float = 1.5) -> int:
        """Return how many rows of labels can stand above one another, of those wanted; at least 2.

        Parameters
        ----------
        wanted : int
            Rows there would be.
        under : float
            Inches that title and axis take above and below.
        """
        if self.own:
            return wanted
        height = self.figure.get_figheight() - under if self.fits else self.size[1]
        return max(2, min(wanted, int(height / _PITCH)))

    def columns(self, wanted: int, beside: float) -> int:
        """Return how many upright labels can stand side by side, of those wanted; at least 2.

        Parameters
        ----------
        wanted : int
            Columns there would be.
        beside : float
            Inches that labels and colour bar take left and right.
        """
        width = self.figure.get_figwidth() - beside if self.fits else self.size[0]
        return max(2, min(wanted, int(width / _PITCH)))

    def across(self, labels: Sequence[str], right: float = 0.3) -> float:
        """Return the points there will be across the axes beside these labels, about."""
        if not self.fits:
            return self.size[0] * 72
        return max(72.0, (self.figure.get_figwidth() - right) * 72 - text.widest(labels, SMALL) - 15)

    def upright_room(self) -> float:
        """Return the points that upright labels below the axes may be long."""
        return 110.0 if self.own else min(110.0, self.figure.get_figheight() * 72 * 0.2)

    def label_room(self) -> float:
        """Return the points there are left of the axes for labels."""
        if self.fits or self.figure.get_layout_engine() is not None:
            return self.figure.get_figwidth() * 72 * 0.45
        box = self.ax.get_window_extent()
        left = 0.0
        for other in self.figure.axes:
            beside = other.get_window_extent()
            if other is not self.ax and beside.x1 <= box.x0 and beside.y0 < box.y1 and box.y0 < beside.y1:
                left = max(left, float(beside.x1))
        return max(30.0, float(box.x0 - left) * 72 / self.figure.dpi - 10)


def styled(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Let a function draw under the charts' own settings; the user's come back after."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Axes:
        with rc_context({"text.usetex": False, "text.parse_math": False, "axes.grid": False}):
            return draw(*args, **kwargs)

    return drawn


def canvas(ax: Axes | None, height: float = 4.0) -> Canvas:
    """Return the canvas on `ax`, or on a new figure that pyplot knows nothing of.

    Parameters
    ----------
    ax : Axes or None
        Where to draw.
    height : float
        Inches, of the new figure's axes.

    Raises
    ------
    ArgumentError
        If `ax` is something else.
    """
    if ax is None:
        figure = Picture(figsize=(WIDTH, height + 1.5), dpi=100)
        FigureCanvasAgg(figure)
        return Canvas(figure.add_subplot(axes_class=PictureAxes), own=True, fits=True)
    if not isinstance(ax, Axes):
        raise ArgumentError(f"ax is {type(ax).__name__}, not matplotlib Axes; of several, give one: axes[0]")
    given = Canvas(ax, own=False, fits=False)
    alone = given.figure.axes == [ax] and ax.get_subplotspec() is not None and ax.figure is given.figure
    return Canvas(ax, own=False, fits=alone and given.figure.get_layout_engine() is None)
