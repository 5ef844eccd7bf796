"""A rectangle of characters, each with the role it plays; who shows it decides how a role looks."""

from collections.abc import Iterator
from itertools import groupby


class CellGrid:
    """A picture of `height` rows of `width` cells. What falls outside it is dropped."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(width, 0)
        self.height = max(height, 0)
        self._cells = [[(" ", "")] * self.width for _ in range(self.height)]

    def put(self, column: int, row: int, text: str, role: str = "") -> None:
        """Write `text` from a cell on to the right."""
        if 0 <= row < self.height:
            line = self._cells[row]
            for offset, character in enumerate(text):
                if 0 <= column + offset < self.width:
                    line[column + offset] = (character, role)

    def mark(self, column: int, row: int, sign: str) -> None:
        """Write `sign` behind the role of a cell, once."""
        if 0 <= row < self.height and 0 <= column < self.width:
            character, role = self._cells[row][column]
            self._cells[row][column] = (character, role if role.endswith(sign) else role + sign)

    def is_empty(self, column: int, row: int) -> bool:
        """Whether nothing stands in that cell."""
        return self._cells[row][column][0] == " "

    def role(self, column: int, row: int) -> str:
        """The role of that cell."""
        return self._cells[row][column][1]

    def runs(self, row: int) -> Iterator[tuple[str, str]]:
        """The row as (text, role), neighbours of one role together."""
        for role, cells in groupby(self._cells[row], key=lambda cell: cell[1]):
            yield "".join(character for character, _ in cells), role

    def text(self) -> str:
        """The picture without its roles, rows on lines of their own."""
        return "\n".join("".join(character for character, _ in line) for line in self._cells)
