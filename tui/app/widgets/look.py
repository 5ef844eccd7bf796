"""The samples as a picture: the images of a data set, or its points in the plane of two features."""

from collections.abc import Callable
from functools import partial

import numpy as np
from rich.text import Text

from datasets import Dataset
from tui.app import copies
from tui.app.charts import Points, ramp_legend
from tui.app.charts.contact_sheet import Images, are_images
from tui.app.charts.image_sheet import ImageSheet
from tui.app.charts.scatter_cursor import ScatterCursor
from tui.app.charts.terminal import capabilities_of, glyphs_of
from tui.app.clipboard import Copied
from tui.app.fitting import cut_middle, names_in
from tui.app.glyphs import legend_entries
from tui.app.keyboard import keyboard_of
from tui.app.same import Same
from tui.app.targets import first_target, target_ramp
from tui.app.widgets.data_words import point_in_words
from tui.app.widgets.panel import Panel
from tui.lab.build import Prepared, feature_names

MOST = 10
"""Classes that have a glyph each."""


class Look(Panel):
    """Images first where there are any; `turn` goes from them to the features and back.

    What the cursor is on stands on the status line: with the border all that it holds would be sent again.
    """

    def __init__(self, id: str) -> None:
        super().__init__(ScatterCursor(), ImageSheet(), title="scatter", id=id, can_focus=False)
        self._dataset: Dataset | None = None
        self._pointed: object = None
        self._prepared: Prepared | None = None
        self._features = (0, 1)
        self._on = 0
        """How many pairs of features on from the images; -1 while these are shown."""

    @property
    def sheet(self) -> ImageSheet:
        return self.query_one(ImageSheet)

    @property
    def scatter(self) -> ScatterCursor:
        return self.query_one(ScatterCursor)

    def draw(self, prepared: Prepared, features: tuple[int, int]) -> None:
        """Show this data, and these two features where its images do not stand in their place."""
        self._prepared, self._features = prepared, features
        dataset = prepared.dataset
        if dataset is not self._dataset:
            self._dataset = dataset
            images = are_images(dataset.shape)
            labels = dataset.y if dataset.task == "classification" else np.zeros(dataset.n_samples, dtype=np.int64)
            self.sheet.show(Images(dataset.X, labels, dataset.class_names) if images else None)
            self._on = -1 if images else 0
        self._swap()
        if self._on < 0:
            keys = "‹images.next_class› ‹images.previous_class› class   ‹data.next_features› features"
            self.entitle("images", f"{dataset.n_samples:,}   {keyboard_of(self).plain(keys)}")
        elif max(features) < len(feature_names(prepared)):
            self._draw_points(prepared, features)
            self._entitle_points(prepared, features)

    def copied(self) -> Callable[[], Copied] | None:
        """The points that are shown, or the pixels of the image under the cursor."""
        prepared, sheet = self._prepared, self.sheet
        if prepared is None:
            return None
        if self._on < 0:
            if sheet.sample is None:
                return None
            pixels = np.asarray(prepared.dataset.X[sheet.sample])
            what = f"the {' x '.join(str(n) for n in pixels.shape)} numbers of sample {sheet.sample}"
            return partial(copies.grid, pixels.reshape(len(pixels), -1), what)
        shown, names = self.scatter.shown_points, feature_names(prepared)
        if shown is None or max(self._features) >= len(names):
            return None
        x, y = (names[feature] for feature in self._features)
        return partial(copies.points, shown, x, y, prepared.class_names)

    def turn(self, by: int) -> bool:
        """From the images to the features, or back to them; False where other features are asked for."""
        if self._dataset is None or not are_images(self._dataset.shape):
            return False
        images = self._on < 0
        self._on = 0 if images else self._on + by
        return images or self._on < 0

    def pointed_at(self) -> str:
        """The sample under the cursor in words; "" where the focus is elsewhere, or on no sample."""
        prepared, sheet, scatter = self._prepared, self.sheet, self.scatter
        if prepared is None:
            return ""
        if sheet.has_focus and sheet.sample is not None:
            names = prepared.class_names
            of = f" of class {names[sheet.view.label]}" if names else ""
            where = f"sample {sheet.sample} is {sheet.view.at + 1:,} of {sheet.count:,}{of}"
            return f"{where}. ‹data.next_features› turns to features"
        train = prepared.split.train
        # Behind the images, and where there are no two features, the points are still those of the former data.
        if max(self._features) >= len(feature_names(prepared)):
            return ""
        if scatter.has_focus and scatter.point is not None and scatter.point < len(train):
            return point_in_words(prepared, int(train[scatter.point]), self._features)
        return ""

    def _swap(self) -> None:
        """Images or points; the focus goes along."""
        shown, hidden = (self.sheet, self.scatter) if self._on < 0 else (self.scatter, self.sheet)
        if shown.display and not hidden.display:
            return
        had_focus = shown.has_focus or hidden.has_focus
        shown.display, hidden.display = True, False
        if had_focus:
            shown.focus()

    def _draw_points(self, prepared: Prepared, features: tuple[int, int]) -> None:
        if self._pointed == (Same(prepared), features):
            return
        self._pointed = (Same(prepared), features)
        dataset, rows = prepared.dataset, prepared.split.train
        shaded = dataset.task == "regression"
        labels = target_ramp(prepared).shades(first_target(dataset)[rows]) if shaded else dataset.y[rows]
        x, y = (prepared.view[rows, feature].astype(float) for feature in features)
        self.scatter.show(Points(x, y, labels, shaded=shaded), prepared.class_names)  # the title names the axes

    def _entitle_points(self, prepared: Prepared, features: tuple[int, int]) -> None:
        glyphs, names = glyphs_of(self), feature_names(prepared)
        shown = f"{self.scatter.drawn_points():,} of {len(prepared.split.train):,}"
        room = self.size.width - len(shown) - 8
        if prepared.task == "regression":
            ramp, dark = target_ramp(prepared), self.app.current_theme.dark
            key = ramp_legend(ramp, capabilities_of(self), dark=dark, room=self.size.width - 6)
            if key.cell_len <= room:
                key.append(f"   {shown}")
            subtitle: str | Text = key
        else:
            entries, several = legend_entries(prepared.class_names, glyphs), len(prepared.class_names)
            # More than have a glyph of their own: their first letters say nothing in a legend.
            words = names_in(entries, room, glyphs.ellipsis) if several <= MOST else f"{several} classes, first letters"
            subtitle = f"{words}   {shown}" if len(words) <= room else shown
        half = max(8, (self.size.width - 18) // 2)
        x, y = (cut_middle(names[feature], half, glyphs.ellipsis) for feature in features)
        self.entitle(f"scatter  {x} {glyphs.times} {y}", subtitle)
