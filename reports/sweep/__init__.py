"""The report of a sweep: (its record, cards of its runs) -> one page on which they stand side by side.

`record` reads what the sweep wrote, `arranging` lays its runs out by what was varied, `measured` makes the
table, `page` puts all together and `shelf` shows sweeps on the pages of galleries and recipes. Writing it to
disk is `orbifolio.reports.pages.sweep_page`.
"""
