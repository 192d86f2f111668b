"""Which functions look at many rows, where sqlglot's classes do not say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

__all__ = ["ROW_FUNCTIONS", "gives_rows", "is_aggregate", "name_of"]

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
ROW_FUNCTIONS: Final[Mapping[str, Mapping[str, int]]] = {
    "duckdb": {"generate_subscripts": 1, "regexp_split_to_table": 1},
    "postgres": {
        "generate_series": 1, "generate_subscripts": 1, "json_array_elements": 1, "json_array_elements_text": 1,
        "json_each": 2, "json_each_text": 2, "json_object_keys": 1, "jsonb_array_elements": 1,
        "jsonb_array_elements_text": 1, "jsonb_each": 2, "jsonb_each_text": 2, "jsonb_object_keys": 1,
        "jsonb_path_query": 1, "jsonb_path_query_tz": 1, "regexp_matches": 1, "regexp_split_to_table": 1,
        "string_to_table": 1,
    },
}  # fmt: skip
"""Functions by dialect that make several rows of one in a select list too; each with the number of its columns."""
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


def gives_rows(node: exp.Expr, dialect: str) -> bool:
    """Whether a function is known to make several rows of one, or none."""
    if isinstance(node, exp.GenerateSeries | exp.ExplodingGenerateSeries):
        return dialect == "postgres"
    return name_of(node) in ROW_FUNCTIONS.get(dialect, ())


def name_of(node: exp.Expr) -> str:
    """The name of a function in small letters."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).casefold()
    return node.sql_name().casefold() if isinstance(node, exp.Func) else node.name.casefold()
