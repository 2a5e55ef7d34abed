"""Every column of every table of a study: what its cells say, what they count from, and what a blank means.

docs/format.md, priors/README.md and the schema are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forecast.study.document.column import KNOWN_AT, Column, Example, Table
from forecast.study.document.quantity_columns import QUANTILES, VALUES

_SOURCE: Final = Column("Where the row comes from. Nothing is computed from it.", "nothing")
_NOTE: Final = Column("Free text. Nothing is computed from it.", "nothing")
_KIND: Final = Column("Kind of the expert: person, crowd or market.", "as in other rows of the expert, else person")

CASES: Final = Table(
    {
        "id": Column(
            "Name of the case. Rows of one id are one case whose covariates vary in time, and follow one another.",
            "the number of the row: each is a case",
        ),
        "entered": Column(
            "Day on which observation of the case begins. Its age counts from here, unless `origin` says otherwise.",
            "an error in a table of days",
        ),
        "exited": Column(
            "Last day of observation: that of the event, or the last one on which it was seen without.",
            "still going on",
        ),
        "event": Column(
            "How the case ended: an outcome or a value of `event_value`; in a class of one event also 1, yes, true. "
            "0, no, false say that it had not happened.",
            "unknown: an error, unless the case is still going on",
        ),
        "origin": Column(
            "Day on which the clock of the case began: its age counts from here. On `entered` or before. Between the two "
            "the case was at risk, and not seen.",
            "the day of `entered`",
        ),
        "duration": Column(
            "Age of the case, in periods, at its event or when it was last seen. It counts from the beginning of its clock, "
            "age 0, not from `entry`.",
            "an error in a table of durations",
        ),
        "entry": Column(
            "Age of the case, in periods, when observation begins, on the clock of `duration`. The time at risk that is "
            "counted is `duration` less `entry`.",
            "0",
        ),
        "exposure": Column("Periods at risk of all cases of the row together.", "an error in a table of counts"),
        "events": Column("Events in the exposure of the row, a whole number.", "an error in a table of counts"),
        "age": Column(
            "Age of the cases of the row, in periods since each began, which picks one age band of the outcome.",
            "the first age band",
        ),
        "successes": Column(
            "Of a binary outcome: yes or no, or how many of the trials were a success.",
            "unknown: an error, or says nothing where the class serves several outcomes",
        ),
        "trials": Column("Of a binary outcome: how many trials the row has.", "1"),
        "option": Column(
            "Of a categorical outcome: the option that turned out true, or a value of `option_value`. Instead, a column for each "
            "option may count how often it did.",
            "unknown: an error",
        ),
        "weight": Column("Similarity to the present case, 0 to 1: the power to which its likelihood is raised.", "1"),
        "source": _SOURCE,
        "note": _NOTE,
        "known_at": Column(KNOWN_AT, "known on any day; days of a spell count as they pass"),
    },
    (
        Example(
            "Days",
            "columns: {entered: start, exited: end, event: how}\nevent_value: {withdrawal: left}",
            "id,start,end,how,origin\n"
            "north,1990-01-15,1993-11-05,left,\n"
            "south,1995-03-01,,ongoing,\n"
            "east,2001-07-20,2004-02-29,ongoing,1999-07-20\n",
            "`north` left at the age of 45.7 months. `south` still goes on. `east` was first seen two years after its clock "
            "began, and had not ended when it was last seen.",
        ),
        Example(
            "Durations",
            "covariates: [consent]",
            "id,duration,entry,event,consent\nA,20,0,yes,1\nB,52,,no,0\nC,12,0,no,0\nC,30,12,yes,1\n",
            "`A` ended at the age of 20 periods. `B` had not ended at 52. `C` is one case of two rows: its consent changed at "
            "the age of 12, and it ended at 30.",
        ),
        Example(
            "Counts",
            "",
            "exposure,events,age\n94.3,5,\n10,0,12\n",
            "Five events in 94.3 periods at risk of cases in their first age band; none in 10 periods around the age of 12.",
        ),
        Example(
            "Successes",
            "",
            "id,successes,trials,weight\nHaifa,3,10,0.5\nOslo,yes,,1\n",
            "Three of ten, at half the weight; and one yes.",
        ),
        Example(
            "Options",
            "option_columns: {left: Labour, right: Tories}",
            "id,Labour,Tories,centre\n1997,3,1,0\n2001,2,2,1\n",
            "Of four elections of 1997 `left` won three and `right` one; of five of 2001 both won two, and `centre` one.",
        ),
    ),
)

INDICATORS: Final = Table(
    {
        "period": Column(
            "The natural period that was counted: a day in it, or a label such as 2024-01, Jan 2024, 2024Q1, 2024-W03 or "
            "2023/24. Of a week its first day.",
            "an error",
        ),
        "value": Column(
            "Count of the period, a whole number.", "not observed, which is not zero; it takes an earlier count back"
        ),
        "exposure": Column("Share of the period that was covered, above 0 and at most 1.", "1"),
        "known_at": Column(KNOWN_AT, "the last day of the period"),
        "source": _SOURCE,
        "note": _NOTE,
    },
    (
        Example(
            "Counts by month",
            "missing: [NA]",
            "period,value,exposure,known_at\n2021-06,14,,\nJul 2021,9,0.5,\n2021-08,NA,,\n2021-06,15,,2021-08-20\n",
            "14 in June, corrected to 15 on 20 August; 9 in the half of July that was covered; August was not observed.",
        ),
    ),
)

JUDGMENTS: Final = Table(
    {
        "expert": Column("Name of the expert, the same in all rows.", "an error"),
        "outcome": Column("Id of the outcome, an event, a binary or a categorical one.", "an error"),
        "option": Column(
            "Option of a categorical outcome. The rows of an expert on a day have all options, and add up to 1.",
            "an error for a categorical outcome; blank for the others",
        ),
        "probability": Column("Probability that it happens, from 0 to 1, or a percentage such as 40 %.", "an error"),
        "on": Column("Day on which it was said. The probability is about the time from then on.", "an error"),
        "by": Column(
            "Last day that counts, or a number of periods, which counts from `on`.",
            "the day on which the outcome resolves",
        ),
        "given": Column(
            "Id of the outcome that is supposed to have occurred by then, `not talks` for one that has not. Up to three of them "
            "hold together, as in `ceasefire and not war`.",
            "nothing is supposed",
        ),
        "given_at": Column("`once`: the condition occurs at once, on `on`.", "it occurs by the day that is judged"),
        "kind": _KIND,
        "known_at": Column(KNOWN_AT, "the day of `on`"),
        "source": _SOURCE,
        "note": _NOTE,
    },
    (
        Example(
            "Judgments",
            "",
            "expert,outcome,probability,on,by,given,kind\n"
            "Ada,withdrawal,0.2,2021-09-01,2022-09-01,,\n"
            "Ada,withdrawal,30 %,2021-09-01,24,,\n"
            "Crowd,withdrawal,0.4,2021-09-05,,agreement,crowd\n",
            "Ada gives 20 % for the year to 1 September 2022, and 30 % for 24 periods from 1 September 2021. The crowd gives "
            "40 % by the end of the horizon, if there is an agreement.",
        ),
        Example(
            "Judgments of options",
            "",
            "expert,outcome,option,probability,on\n"
            "Ada,winner,left,0.5,2021-09-01\nAda,winner,centre,0.3,2021-09-01\nAda,winner,right,0.2,2021-09-01\n",
            "One statement of Ada about all options of `winner`.",
        ),
    ),
)

TRACK_RECORDS: Final = Table(
    {
        "expert": Column("Name of the expert, as in judgments.", "an error"),
        "question": Column("The question, in the same words for all experts who answered it.", "an error"),
        "probability": Column("Probability that the expert stated, from 0 to 1, or a percentage.", "an error"),
        "outcome": Column("What happened: 1 or yes, 0 or no.", "the question is open"),
        "on": Column("Day on which it was said. Of several rows on one question the latest counts.", "unknown"),
        "known_at": Column(KNOWN_AT, "the day of `on`, else known on any day"),
        "kind": _KIND,
        "source": _SOURCE,
        "note": _NOTE,
    },
    (
        Example(
            "Track records",
            "",
            "expert,question,probability,outcome,on\nAda,Rain in May,0.7,1,2020-05-01\nBen,Rain in May,0.4,,2020-05-02\n",
            "It rained in May: Ada said 70 % and Ben 40 %. The answer in one row is that of all rows on the question.",
        ),
    ),
)

RESOLUTIONS: Final = Table(
    {
        "outcome": Column("Id of the outcome.", "an error"),
        "resolution": Column(
            "How it turned out: yes (also 1, true), no (also 0, false), ambiguous or annulled; of a categorical outcome the "
            "option that did.",
            "an error",
        ),
        "on": Column("Day on which it turned out so; of an event, the day on which it happened.", "an error"),
        "known_at": Column(KNOWN_AT, "the day of `on`"),
        "source": _SOURCE,
        "note": _NOTE,
    },
    (
        Example(
            "Resolutions",
            "",
            "outcome,resolution,on,known_at\nagreement,yes,2021-08-30,2021-09-02\n",
            "The agreement of 30 August became known on 2 September.",
        ),
    ),
)

TABLES: Final[Mapping[str, Table]] = {
    "ReferenceClass": CASES,
    "Indicator": INDICATORS,
    "Judgments": JUDGMENTS,
    "TrackRecords": TRACK_RECORDS,
    "Resolutions": RESOLUTIONS,
    "HistoricalValues": VALUES,
    "StatedQuantiles": QUANTILES,
}
"""By the block that brings the table."""
