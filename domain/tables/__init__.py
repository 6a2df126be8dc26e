"""Tables in files, as other programs write them: CSV in any dress, and Excel's workbooks. Told apart by content."""

from domain.tables.opening import opened
from domain.tables.table import LONGEST_CELL, MOST_COLUMNS, Line, Table, UnknownEncoding

__all__ = ["LONGEST_CELL", "MOST_COLUMNS", "Line", "Table", "UnknownEncoding", "opened"]
