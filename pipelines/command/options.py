"""Options that several subcommands share."""

from __future__ import annotations

import datetime as dt

import click

from resources.landing import is_quarter_end


class CensusDate(click.ParamType):
    """A quarter end, such as 2025-03-31."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        """The date, if it is a quarter end."""
        if isinstance(value, dt.date):
            return value
        try:
            date = dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"'{value}' is no date. A quarter end such as 2025-03-31 was expected.", param, ctx
            )
        if not is_quarter_end(date):
            self.fail(
                f"{date} is no quarter end. The last day of March, June, September or December was"
                " expected.",
                param,
                ctx,
            )
        return date


class Quarter(CensusDate):
    """A quarter end that has passed."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        """The date, if it is a quarter end that has passed."""
        date = super().convert(value, param, ctx)
        if date >= dt.datetime.now(tz=dt.UTC).date():
            self.fail(f"{date} has not passed. A quarter that has ended was expected.", param, ctx)
        return date
