"""Courses of indicators over the past periods: seasons, drifts and breaks in reporting.

    sd = scale |z| of each pattern,   height = sd z,   course_it = sum of height times motif_t over the waves of indicator i

A motif is known: which part of the year a period lies in, how far a step of the drift has gone, which side of a break it is on.
"""

from __future__ import annotations

from typing import Any

from forecast.kernel.compiling import block


@block
def forward(x: Any, v: Any) -> None:
    """Spreads, waves and courses, and the mean course over the observed periods of each indicator."""
    course, motif, share = v.course, x.motif_course, x.observed_share
    for p in range(x.pattern_scale.size):
        v.pattern_sd[p] = x.pattern_scale[p] * v.pattern_z[p]
    for i in range(course.shape[0]):
        v.mean_course[i] = 0.0
        for t in range(course.shape[1]):
            course[i, t] = 0.0
    for w in range(x.wave_pattern.size):
        p, m = x.wave_pattern[w], x.wave_motif[w]
        i, height = x.pattern_indicator[p], v.pattern_sd[p] * v.wave_z[w]
        v.wave_height[w] = height
        for t in range(course.shape[1]):
            course[i, t] += height * motif[m, t]
    if x.wave_pattern.size > 0:
        for i in range(course.shape[0]):
            for t in range(course.shape[1]):
                v.mean_course[i] += share[i, t] * course[i, t]


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From courses and their means."""
    adjoint, motif, share = a.course, x.motif_course, x.observed_share
    if x.wave_pattern.size > 0:
        for i in range(adjoint.shape[0]):
            for t in range(adjoint.shape[1]):
                adjoint[i, t] += a.mean_course[i] * share[i, t]
    for w in range(x.wave_pattern.size):
        p, m = x.wave_pattern[w], x.wave_motif[w]
        i, own = x.pattern_indicator[p], 0.0
        for t in range(adjoint.shape[1]):
            own += adjoint[i, t] * motif[m, t]
        a.wave_z[w] += own * v.pattern_sd[p]
        a.pattern_z[p] += own * v.wave_z[w] * x.pattern_scale[p]
