"""Disclosure control: what may be printed, what readers can work out of it, and the gate that lets
a release leave.

Belongs here: the rules of printing (`rules`, `noise`), what a reader knows (`knowledge`, `linking`,
`readers`), what follows from it (`bounds`, `programmes`, `worlds`, `search`), who is asked of what
(`proof`), the verdict and what would pass instead (`gate`, `verdict`, `offers`), and hiding more
(`suppression`). Does not belong here: layouts of tables, releases and their files.
"""
