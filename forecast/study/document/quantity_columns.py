"""Columns of the tables about quantities."""

from __future__ import annotations

from typing import Final

from forecast.study.document.column import KNOWN_AT, Column, Example, Table

_QUANTITY: Final = Column("Id of the quantity.", "an error")

VALUES: Final = Table(
    {
        "quantity": _QUANTITY,
        "class": Column("Name of the reference class, as in the `reference` of the quantity.", "an error"),
        "case": Column("Name of the case, once in each class.", "an error"),
        "value": Column("The number that it had; above 0 on a log scale.", "an error"),
        "weight": Column("How much it counts, 0 to 1.", "1"),
        "known_at": Column(KNOWN_AT, "known"),
    },
    (
        Example(
            "Historical numbers",
            "",
            "quantity,class,case,value\nrefugees,wars,A,30000\n",
            "In war A there were 30,000.",
        ),
    ),
)

QUANTILES: Final = Table(
    {
        "expert": Column("Name of the expert.", "an error"),
        "quantity": _QUANTITY,
        "quantile": Column("Probability that the number is at most `value`; between 0 and 1.", "an error"),
        "value": Column("The number; higher for a higher quantile.", "an error"),
        "on": Column("Day on which it was said; of each expert and quantity the last day counts.", "an error"),
        "known_at": Column(KNOWN_AT, "the day of `on`"),
    },
    (
        Example(
            "Quantiles",
            "",
            "expert,quantity,quantile,value,on\nann,refugees,0.9,150000,2021-09-01\n",
            "Ann holds it for 90 % sure that there are at most 150,000.",
        ),
    ),
)
