"""Answering: what a sender hears about a return, in words to act on.

`answer` is what there is to say, and says it in plain words; `page` shows it as one web page
(`answer.html.jinja`), `workbook` as a workbook with every finding and a copy of those of the
sender's own sheets in which cells to mend are marked. `outbox` makes and keeps the answers that are
due, `reconciling` sets an authority's two returns side by side, `assets` shows it to Dagster.

Belongs here: wording, grouping, marking and laying out, and which answers are due. Nothing is
judged here. Does not belong here: rules and their sentences (`schemas/rules.toml`), finding out
what breaks them (`assets/intake`).
"""
