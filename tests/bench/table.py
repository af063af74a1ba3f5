"""Figures next to their budgets."""

from dataclasses import dataclass, field

from rich.table import Table as Drawn


@dataclass(kw_only=True)
class Table:
    """Rows of figures. `missed` counts budgets missed that do not depend on the machine."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    missed: int = 0

    def add(self, *cells: str, counted: bool = False, good: bool = True) -> None:
        """Adds a row; `good` is whether its budget is kept, `counted` whether that must be so."""
        self.rows.append((*cells, "" if good else "over"))
        self.missed += counted and not good

    def drawn(self) -> Drawn:
        """The table for a terminal."""
        drawn = Drawn(title=self.title, title_justify="left")
        for number, column in enumerate((*self.columns, "")):
            drawn.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            drawn.add_row(*row)
        return drawn
