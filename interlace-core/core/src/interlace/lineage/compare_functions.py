"""What a comparison of queries must know of functions: which may give several rows, or another value the next time."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from interlace.lineage.functions import is_aggregate
from interlace.model.sql_functions import VOLATILE

__all__ = ["depends_on_order", "is_volatile", "may_give_rows"]

# Functions of DuckDB that sqlglot has no class of: each gives one value for one row.  One that is not here may be a
# macro that hides an aggregate or an unnest.
_SCALAR: Final = frozenset({
    "add", "age", "aggregate", "array_aggr", "array_aggregate", "array_apply", "array_cosine_distance",
    "array_cosine_similarity", "array_cross_product", "array_distance", "array_dot_product", "array_extract",
    "array_grade_up", "array_has_any", "array_indexof", "array_inner_product", "array_pop_back", "array_pop_front",
    "array_push_back", "array_push_front", "array_reduce", "array_resize", "array_select", "array_to_json",
    "array_transform", "array_unique", "array_value", "array_where", "array_zip", "bar", "base64", "bin", "bit_count",
    "bit_position", "bitstring", "cardinality", "century", "damerau_levenshtein", "date_part", "date_sub", "datepart",
    "datesub", "days_in_month", "decade", "divide", "element_at", "enum_code", "epoch_ns", "epoch_us", "era", "even",
    "fdiv", "fmod", "format_bytes", "from_binary", "from_json", "from_json_strict", "gamma", "gcd", "grade_up",
    "greatest_common_divisor", "hamming", "hash", "isfinite", "isoyear", "jaccard", "jaro_similarity",
    "json_array_length", "json_contains", "json_exists", "json_merge_patch", "json_pretty", "json_quote",
    "json_structure", "json_transform", "json_transform_strict", "json_valid", "json_value", "julian", "lcm",
    "least_common_multiple", "left_grapheme", "length_grapheme", "lgamma", "list_aggr", "list_aggregate",
    "list_any_value", "list_apply", "list_avg", "list_bool_and", "list_bool_or", "list_cat", "list_cosine_similarity",
    "list_count", "list_dot_product", "list_element", "list_extract", "list_first", "list_grade_up", "list_has_all",
    "list_histogram", "list_indexof", "list_inner_product", "list_intersect", "list_last", "list_median", "list_mode",
    "list_pack", "list_position", "list_product", "list_reduce", "list_resize", "list_reverse", "list_select",
    "list_slice", "list_string_agg", "list_sum", "list_unique", "list_where", "list_zip", "make_timestamp_ms",
    "make_timestamp_ns", "make_timestamptz", "map_concat", "map_contains", "map_contains_entry",
    "map_contains_value", "map_entries", "map_extract", "map_extract_value", "map_values", "md5_number",
    "microsecond", "millennium", "millisecond", "mismatches", "multiply", "nanosecond", "nextafter", "nfc_normalize",
    "octet_length", "ord", "parse_dirname", "parse_dirpath", "parse_filename", "parse_path", "prefix", "printf",
    "regexp_escape", "regexp_matches", "regexp_split_to_array", "right_grapheme", "round_even", "roundbankers", "row",
    "row_to_json", "set_bit", "signbit", "strip_accents", "strlen", "struct_concat", "struct_contains",
    "struct_extract_at", "struct_has", "struct_indexof", "struct_insert", "struct_keys", "struct_position",
    "struct_update", "struct_values", "substring_grapheme", "subtract", "suffix", "switch", "timezone",
    "timezone_hour", "timezone_minute", "to_base", "to_centuries", "to_decades", "to_hours", "to_json",
    "to_microseconds", "to_millennia", "to_milliseconds", "to_minutes", "to_months", "to_quarters", "to_seconds",
    "to_weeks", "to_years", "try_strptime", "unbin", "union_extract", "union_tag", "union_value", "url_decode",
    "url_encode", "weekday", "yearweek",
})  # fmt: skip
# Those that sqlglot has a class of, and that give rows, or that no database here has.
_ROWS: Final = frozenset({
    "Columns", "Explode", "ExplodeOuter", "_ExplodeOuter", "ExplodingGenerateSeries", "FeaturesAtTime", "Flatten",
    "GapFill", "GenerateTable", "Generator", "Inline", "JSONTable", "OpenJSON", "Posexplode", "PosexplodeOuter",
    "Unnest", "VectorSearch", "XMLTable",
})  # fmt: skip
_MODELS: Final = ("AI", "ML", "Predict", "GenerateText", "GenerateEmbedding")
_VOLATILE: Final = frozenset({
    "Rand", "Randn", "Randstr", "Uniform", "Normal", "Zipf", "Shuffle", "Uuid", "NextValueFor", "Seq1", "Seq2", "Seq4",
    "Seq8", "Systimestamp", "Localtime", "Localtimestamp",
})  # fmt: skip
_VOLATILE_CLASSES: Final = ("Current", "Utc", "SessionUser", *_MODELS)
# Beside those that a model is never up to date with: what tells of the session, or of how a query is executed.
_OF_SESSION: Final = frozenset({
    "alias", "current_connection_id", "current_query", "current_query_id", "current_setting",
    "current_transaction_id", "error", "pg_backend_pid", "sleep_ms", "stats", "vector_type", "write_log",
})  # fmt: skip
# Aggregates and functions of windows for which the order of rows that are equal to them does not matter.
_STEADY: Final = frozenset({
    "ApproxDistinct", "Avg", "BitwiseAndAgg", "BitwiseOrAgg", "BitwiseXorAgg", "Corr", "Count", "CountIf", "CovarPop",
    "CovarSamp", "CumeDist", "DenseRank", "Grouping", "GroupingId", "Kurtosis", "LogicalAnd", "LogicalOr", "Max",
    "Median", "Min", "PercentRank", "PercentileCont", "PercentileDisc", "Quantile", "Rank", "RegrAvgx", "RegrAvgy",
    "RegrCount", "RegrIntercept", "RegrR2", "RegrSlope", "RegrSxx", "RegrSxy", "RegrSyy", "Skewness", "Stddev",
    "StddevPop", "StddevSamp", "Sum", "Variance", "VariancePop",
})  # fmt: skip
_STEADY_NAMES: Final = frozenset({
    "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "count_star", "countif", "entropy", "every", "favg", "fsum",
    "kahan_sum", "kurtosis_pop", "mad", "mean", "product", "quantile_cont", "sem", "sum_no_overflow", "sumkahan",
})  # fmt: skip
_LISTS: Final = (exp.ArrayAgg, exp.GroupConcat)
_NUMBERED: Final = (exp.RowNumber, exp.Ntile)


def may_give_rows(node: exp.Expr, dialect: str) -> bool:
    """Whether a function in a select list may give more or fewer than one row for a row: also one that is not known."""
    name = type(node).__name__
    if isinstance(node, exp.Anonymous):
        known = dialect == "duckdb" and str(node.this).casefold() in _SCALAR
        return not known and not is_aggregate(node) and not is_volatile(node)
    if isinstance(node, exp.GenerateSeries):
        return dialect != "duckdb"
    return isinstance(node, exp.UDTF) or name in _ROWS or name.startswith(_MODELS)


def is_volatile(node: exp.Expr) -> bool:
    """Whether a function may give another value when nothing that it is given changed."""
    if isinstance(node, exp.Anonymous):
        name = str(node.this).casefold()
        return name in VOLATILE or name in _OF_SESSION or (name == "age" and len(node.expressions) == 1)
    name = type(node).__name__
    return isinstance(node, exp.Func) and (name in _VOLATILE or name.startswith(_VOLATILE_CLASSES))


def depends_on_order(node: exp.Expr) -> bool:
    """Whether an aggregate or a function of a window looks at the order of rows that SQL leaves open.

    A list or a text that is ordered by what it is made of is the same in any order of its rows.
    """
    if isinstance(node, exp.Anonymous):
        return is_aggregate(node) and str(node.this).casefold() not in _STEADY_NAMES
    if isinstance(node, _LISTS) and isinstance(node.this, exp.Order):
        inner = node.this.this
        inner = inner.expressions[0] if isinstance(inner, exp.Distinct) and len(inner.expressions) == 1 else inner
        return all(o.this != inner for o in node.this.expressions)
    return isinstance(node, (exp.AggFunc, exp.ArrayAgg, *_NUMBERED)) and type(node).__name__ not in _STEADY
