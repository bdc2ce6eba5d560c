"""The one error that a user can mend.

Belongs here: the error that every room raises, below all that raises it.
"""


class ObservatoryError(Exception):
    """A failure that the user can mend: says what was found, what was expected and what to do."""
