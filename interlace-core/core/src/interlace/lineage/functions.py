"""Which functions look at many rows, where sqlglot's classes do not say so."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

__all__ = ["is_aggregate"]

# DuckDB's, by duckdb_functions(), without those that sqlglot has a class of.
_NAMES: Final = frozenset({
    "any_value", "approx_count_distinct", "approx_quantile", "approx_top_k", "arbitrary", "arg_max", "arg_max_null",
    "arg_max_nulls_last", "arg_min", "arg_min_null", "arg_min_nulls_last", "argmax", "argmin", "array_agg", "avg",
    "bit_and", "bit_or", "bit_xor", "bitstring_agg", "bool_and", "bool_or", "corr", "count", "count_if", "count_star",
    "countif", "covar_pop", "covar_samp", "entropy", "every", "favg", "first", "fsum", "geomean", "geometric_mean",
    "group_concat", "grouping", "grouping_id", "histogram", "histogram_exact", "json_agg", "json_group_array",
    "json_group_object", "json_group_structure", "json_object_agg", "jsonb_agg", "jsonb_object_agg", "kahan_sum",
    "kurtosis", "kurtosis_pop", "last", "list", "listagg", "mad", "max", "max_by", "mean", "median", "min", "min_by",
    "mode", "percentile_cont", "percentile_disc", "product", "quantile", "quantile_cont", "quantile_disc",
    "range_agg", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx",
    "regr_sxy", "regr_syy", "reservoir_quantile", "sem", "skewness", "stddev", "stddev_pop", "stddev_samp",
    "string_agg", "sum", "sum_no_overflow", "summary", "sumkahan", "var_pop", "var_samp", "variance", "xmlagg",
})  # fmt: skip
# sqlglot counts these as aggregates, because they stand before OVER.
_WINDOWED: Final = (
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead,
    exp.FirstValue, exp.LastValue, exp.NthValue,
)  # fmt: skip


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a function makes one value of many rows."""
    if isinstance(node, exp.Anonymous):
        return isinstance(node.this, str) and node.this.casefold() in _NAMES
    if isinstance(node, exp.AnonymousAggFunc):
        return True
    return isinstance(node, exp.AggFunc | exp.ArrayAgg) and not isinstance(node, _WINDOWED)
