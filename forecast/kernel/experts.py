"""Experts: bias, slope and noise of each around those of their kind, and the common error on a topic.

With the kind's mean log slope m and spreads s, b, n, and standard normal deviations d of each expert:

    log slope = m + s d_slope               offset = shared bias + b d_bias
    log noise = mean log noise + n d_noise  noise^2 = floor^2 + exp(2 log noise)
    common error of a topic = common sd of its panel times a standard normal

The deviations are sampled partly centred (`elementary.uncentre`): slopes around 0 with scale s, biases with scale
exp(m) b, noise around the mean log noise with scale n. Those of slope and bias are turned by the reflection
d - h (h . d) within each group of experts, which is its own inverse and its own adjoint (Householder 1958,
doi:10.1145/320941.320947).
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import LARGE, statement, uncentre, uncentre_back
from forecast.model.constants import FREEDOM, NOISE_FLOOR


@block
def forward(x: Any, z: Any, v: Any) -> float:
    """Log Jacobians of the partly centred variables."""
    logp = 0.0
    for k in range(x.bias_scale.size):
        v.shared_bias[k] = x.shared_bias_scale[k] * v.shared_bias_z[k]
        v.bias_sd[k] = x.bias_scale[k] * v.bias_sd_z[k]
        v.mean_log_slope[k] = x.slope_mean_scale[k] * v.slope_mean_z[k]
        v.slope_sd[k] = x.slope_scale[k] * v.slope_sd_z[k]
        v.noise_spread[k] = x.noise_spread_scale[k] * v.noise_spread_z[k]
        v.mean_log_noise[k] = log(x.noise_scale[k] * v.noise_mean_z[k])
        v.log_slope_sd[k], v.log_noise_spread[k] = log(v.slope_sd[k]), log(v.noise_spread[k])
        v.log_bias_scale[k] = v.mean_log_slope[k] + log(v.bias_sd[k])
    experts = x.expert_kind.size
    for e in range(experts):
        v.slope_sum[e] = 0.0
        v.bias_sum[e] = 0.0
    for e in range(experts):
        k, leader, h = x.expert_kind[e], x.expert_leader[e], x.expert_reflection[e]
        v.slope_along[e], v.slope_power[e], jacobian = uncentre(
            z.slope_z[e], 0.0, v.log_slope_sd[k], x.slope_centring[e]
        )
        logp += jacobian
        v.bias_along[e], v.bias_power[e], jacobian = uncentre(z.bias_z[e], 0.0, v.log_bias_scale[k], x.bias_centring[e])
        logp += jacobian
        v.noise_z[e], v.noise_power[e], jacobian = uncentre(
            z.noise_z[e], v.mean_log_noise[k], v.log_noise_spread[k], x.noise_centring[e]
        )
        logp += jacobian
        v.slope_sum[leader] += h * v.slope_along[e]
        v.bias_sum[leader] += h * v.bias_along[e]
    for e in range(experts):
        k, leader, h = x.expert_kind[e], x.expert_leader[e], x.expert_reflection[e]
        v.slope_z[e] = v.slope_along[e] - h * v.slope_sum[leader]
        v.bias_z[e] = v.bias_along[e] - h * v.bias_sum[leader]
        v.log_slope[e] = v.mean_log_slope[k] + v.slope_sd[k] * v.slope_z[e]
        v.slope[e] = exp(v.log_slope[e])
        v.bias[e] = v.bias_sd[k] * v.bias_z[e]
        v.offset[e] = v.shared_bias[k] + v.bias[e]
        v.log_noise[e] = v.mean_log_noise[k] + v.noise_spread[k] * v.noise_z[e]
        variance = NOISE_FLOOR * NOISE_FLOOR + exp(2.0 * v.log_noise[e])
        v.noise[e], v.log_scatter[e] = sqrt(variance), 0.5 * log(variance)
        v.precision[e] = 1.0 / v.noise[e]
    for p in range(x.common_scale.size):
        v.common_sd[p] = x.common_scale[p] * v.common_sd_z[p]
    for t in range(x.topic_panel.size):
        v.common[t] = v.common_sd[x.topic_panel[t]] * v.common_z[t]
    return logp


@block
def statements(
    v: Any, a: Any, said: Any, expert: Any, about: Any, is_sloped: Any, centre: Any, by_centre: Any
) -> float:
    """Log density of stated log odds; adds to the adjoints of what they are about and of the experts.

    Residuals r = (said - slope (centre + offset)) / noise are StudentT(4), with slope 1 where that of experts does not act. The logarithms of the factors 1 + r^2 / 4 are
    taken of their product.
    """
    logp, product = 0.0, 1.0
    for m in range(said.size):
        e, q = expert[m], about[m]
        heard, acting = centre[q] + v.offset[e], v.slope[e] if is_sloped[m] > 0.0 else 1.0
        residual = (said[m] - acting * heard) * v.precision[e]
        factor, slope = statement(residual)
        logp -= v.log_scatter[e]
        product *= factor
        if product > LARGE:
            logp -= 0.5 * (FREEDOM + 1.0) * log(product)
            product = 1.0
        a.noise[e] -= (1.0 + slope * residual) * v.precision[e]
        adjoint = -slope * acting * v.precision[e]
        by_centre[q] += adjoint
        a.offset[e] += adjoint
        a.log_slope[e] += adjoint * heard * is_sloped[m]
    return logp - 0.5 * (FREEDOM + 1.0) * log(product)


@block
def backward(x: Any, v: Any, a: Any, g: Any) -> None:
    """From log slopes, offsets, noise and common errors."""
    for t in range(x.topic_panel.size):
        p = x.topic_panel[t]
        a.common_sd[p] += a.common[t] * v.common_z[t]
        a.common_z[t] += a.common[t] * v.common_sd[p]
    for p in range(x.common_scale.size):
        a.common_sd_z[p] += a.common_sd[p] * x.common_scale[p]
    experts = x.expert_kind.size
    for e in range(experts):
        k, leader, h = x.expert_kind[e], x.expert_leader[e], x.expert_reflection[e]
        a.mean_log_slope[k] += a.log_slope[e]
        a.slope_sd[k] += a.log_slope[e] * v.slope_z[e]
        a.slope_z[e] = a.log_slope[e] * v.slope_sd[k] - v.slope_z[e]
        a.slope_sum[leader] += h * a.slope_z[e]
        a.shared_bias[k] += a.offset[e]
        a.bias_sd[k] += a.offset[e] * v.bias_z[e]
        a.bias_z[e] = a.offset[e] * v.bias_sd[k] - v.bias_z[e]
        a.bias_sum[leader] += h * a.bias_z[e]
        log_noise = a.noise[e] * (v.noise[e] - NOISE_FLOOR * NOISE_FLOOR / v.noise[e])
        a.noise_spread[k] += log_noise * v.noise_z[e]
        g.noise_z[e], mean, log_scale = uncentre_back(
            log_noise * v.noise_spread[k] - v.noise_z[e], v.noise_z[e], v.noise_power[e], x.noise_centring[e]
        )
        a.mean_log_noise[k] += log_noise + mean
        a.noise_spread[k] += log_scale / v.noise_spread[k]
    for e in range(experts):
        k, leader, h = x.expert_kind[e], x.expert_leader[e], x.expert_reflection[e]
        along = a.slope_z[e] - h * a.slope_sum[leader]
        g.slope_z[e], _, log_scale = uncentre_back(along, v.slope_along[e], v.slope_power[e], x.slope_centring[e])
        a.slope_sd[k] += log_scale / v.slope_sd[k]
        along = a.bias_z[e] - h * a.bias_sum[leader]
        g.bias_z[e], _, log_scale = uncentre_back(along, v.bias_along[e], v.bias_power[e], x.bias_centring[e])
        a.mean_log_slope[k] += log_scale
        a.bias_sd[k] += log_scale / v.bias_sd[k]
    for k in range(x.bias_scale.size):
        a.shared_bias_z[k] += a.shared_bias[k] * x.shared_bias_scale[k]
        a.bias_sd_z[k] += a.bias_sd[k] * x.bias_scale[k]
        a.slope_mean_z[k] += a.mean_log_slope[k] * x.slope_mean_scale[k]
        a.slope_sd_z[k] += a.slope_sd[k] * x.slope_scale[k]
        a.noise_spread_z[k] += a.noise_spread[k] * x.noise_spread_scale[k]
        a.noise_mean_z[k] += a.mean_log_noise[k] / v.noise_mean_z[k]
