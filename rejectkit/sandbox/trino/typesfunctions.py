"""The functions of Trino that a statement may call here: one row for each way a function may be called.

A capital letter stands for any type, the small letters in brackets for any length; `...` says that the last
argument may come any number of times. Left out are functions younger than Athena's engine version 3, and those that no
statement here has a use for (geospatial ones, digests).
Source: Trino documentation, Functions and operators (String, Regular expression, Mathematical, Binary, Array,
Lambda, Date and time, Aggregate and Window functions).
"""

from __future__ import annotations

SCALARS = """
abs(tinyint) -> tinyint; abs(smallint) -> smallint; abs(integer) -> integer; abs(bigint) -> bigint
abs(double) -> double; abs(real) -> real; abs(decimal(p,s)) -> decimal(p,s)
ceil(tinyint) -> tinyint; ceil(smallint) -> smallint; ceil(integer) -> integer; ceil(bigint) -> bigint
ceil(double) -> double; ceil(real) -> real; ceil(decimal(p,s)) -> whole(p,s)
ceiling(integer) -> integer; ceiling(bigint) -> bigint; ceiling(double) -> double; ceiling(real) -> real
ceiling(decimal(p,s)) -> whole(p,s)
floor(tinyint) -> tinyint; floor(smallint) -> smallint; floor(integer) -> integer; floor(bigint) -> bigint
floor(double) -> double; floor(real) -> real; floor(decimal(p,s)) -> whole(p,s)
round(integer) -> integer; round(bigint) -> bigint; round(double) -> double; round(real) -> real
round(decimal(p,s)) -> whole(p,s); round(integer, integer) -> integer; round(bigint, integer) -> bigint
round(double, integer) -> double; round(real, integer) -> real; round(decimal(p,s), integer) -> carried(p,s)
truncate(double) -> double; truncate(real) -> real; truncate(decimal(p,s)) -> cut(p,s)
truncate(decimal(p,s), integer) -> decimal(p,s)
sign(integer) -> integer; sign(bigint) -> bigint; sign(double) -> double; sign(real) -> real
mod(integer, integer) -> integer
mod(bigint, bigint) -> bigint; mod(double, double) -> double; mod(real, real) -> real
mod(decimal(p,s), decimal(p,s)) -> decimal(p,s)
cbrt(double) -> double; exp(double) -> double; ln(double) -> double; log2(double) -> double; log10(double) -> double
log(double, double) -> double; sqrt(double) -> double; pow(double, double) -> double; power(double, double) -> double
degrees(double) -> double
radians(double) -> double; sin(double) -> double; cos(double) -> double; tan(double) -> double
e() -> double; pi() -> double; infinity() -> double; nan() -> double
is_finite(double) -> boolean; is_infinite(double) -> boolean; is_nan(double) -> boolean; is_nan(real) -> boolean
random() -> double; random(integer) -> integer; random(bigint) -> bigint; rand() -> double; rand(bigint) -> bigint
random(bigint, bigint) -> bigint; random(integer, integer) -> integer
to_base(bigint, bigint) -> varchar(64); from_base(varchar(x), bigint) -> bigint
width_bucket(double, double, double, bigint) -> bigint; width_bucket(double, array(double)) -> bigint
bit_count(bigint, bigint) -> bigint; bitwise_and(bigint, bigint) -> bigint; bitwise_or(bigint, bigint) -> bigint
bitwise_xor(bigint, bigint) -> bigint; bitwise_not(bigint) -> bigint
bitwise_left_shift(bigint, bigint) -> bigint; bitwise_right_shift(bigint, bigint) -> bigint
bitwise_right_shift_arithmetic(bigint, bigint) -> bigint
greatest(E...) -> E where E orderable; least(E...) -> E where E orderable

chr(bigint) -> varchar(1); codepoint(varchar(1)) -> integer
concat(varchar, varchar...) -> varchar; concat(array(E), array(E)...) -> array(E)
concat(array(E), E) -> array(E); concat(E, array(E)) -> array(E)
concat_ws(varchar, array(varchar)) -> varchar; concat_ws(varchar, varchar...) -> varchar
hamming_distance(varchar(x), varchar(y)) -> bigint; levenshtein_distance(varchar(x), varchar(y)) -> bigint
length(varchar(x)) -> bigint; length(varbinary) -> bigint
lower(varchar(x)) -> varchar(x); upper(varchar(x)) -> varchar(x); reverse(varchar(x)) -> varchar(x)
lpad(varchar(x), bigint, varchar(y)) -> varchar; rpad(varchar(x), bigint, varchar(y)) -> varchar
ltrim(varchar(x)) -> varchar(x); ltrim(varchar(x), CodePoints) -> varchar(x)
rtrim(varchar(x)) -> varchar(x); rtrim(varchar(x), CodePoints) -> varchar(x)
trim(varchar(x)) -> varchar(x); trim(varchar(x), CodePoints) -> varchar(x)
position(varchar(x), varchar(y)) -> bigint
replace(varchar(x), varchar(y)) -> varchar(x); replace(varchar(x), varchar(y), varchar(z)) -> varchar
soundex(varchar(x)) -> varchar(4); split(varchar(x), varchar(y)) -> array(varchar(x))
split(varchar(x), varchar(y), bigint) -> array(varchar(x)); split_part(varchar(x), varchar(y), bigint) -> varchar(x)
split_to_map(varchar, varchar, varchar) -> map(varchar, varchar); starts_with(varchar(x), varchar(y)) -> boolean
strpos(varchar(x), varchar(y)) -> bigint; strpos(varchar(x), varchar(y), bigint) -> bigint
substr(varchar(x), bigint) -> varchar(x); substr(varchar(x), bigint, bigint) -> varchar(x)
substring(varchar(x), bigint) -> varchar(x); substring(varchar(x), bigint, bigint) -> varchar(x)
translate(varchar(x), varchar(y), varchar(z)) -> varchar; normalize(varchar(x)) -> varchar
to_utf8(varchar(x)) -> varbinary; from_utf8(varbinary) -> varchar; url_decode(varchar(x)) -> varchar(x)
url_encode(varchar(x)) -> varchar; typeof(T) -> varchar

regexp_count(varchar(x), JoniRegExp) -> bigint; regexp_extract(varchar(x), JoniRegExp) -> varchar(x)
regexp_extract(varchar(x), JoniRegExp, bigint) -> varchar(x)
regexp_extract_all(varchar(x), JoniRegExp) -> array(varchar(x))
regexp_extract_all(varchar(x), JoniRegExp, bigint) -> array(varchar(x))
regexp_like(varchar(x), JoniRegExp) -> boolean; regexp_position(varchar(x), JoniRegExp) -> integer
regexp_position(varchar(x), JoniRegExp, bigint) -> integer; regexp_replace(varchar(x), JoniRegExp) -> varchar(x)
regexp_replace(varchar(x), JoniRegExp, varchar(y)) -> varchar
regexp_replace(varchar(x), JoniRegExp, function(array(varchar), varchar)) -> varchar
regexp_split(varchar(x), JoniRegExp) -> array(varchar(x))

json_extract(varchar(x), JsonPath) -> json; json_extract_scalar(varchar(x), JsonPath) -> varchar(x)
json_extract_scalar(json, JsonPath) -> varchar; json_format(json) -> varchar; json_parse(varchar(x)) -> json

to_hex(varbinary) -> varchar; from_hex(varchar(x)) -> varbinary; to_base64(varbinary) -> varchar
from_base64(varchar(x)) -> varbinary; md5(varbinary) -> varbinary; sha1(varbinary) -> varbinary
sha256(varbinary) -> varbinary; sha512(varbinary) -> varbinary; xxhash64(varbinary) -> varbinary
crc32(varbinary) -> bigint; reverse(varbinary) -> varbinary; to_big_endian_64(bigint) -> varbinary
from_big_endian_64(varbinary) -> bigint; concat(varbinary, varbinary...) -> varbinary
substr(varbinary, bigint) -> varbinary; substr(varbinary, bigint, bigint) -> varbinary

all_match(array(T), function(T, boolean)) -> boolean; any_match(array(T), function(T, boolean)) -> boolean
none_match(array(T), function(T, boolean)) -> boolean; array_distinct(array(E)) -> array(E) where E comparable
array_except(array(E), array(E)) -> array(E) where E comparable
array_union(array(E), array(E)) -> array(E) where E comparable
array_intersect(array(E), array(E)) -> array(E) where E comparable
arrays_overlap(array(E), array(E)) -> boolean where E comparable
array_join(array(T), varchar) -> varchar; array_join(array(T), varchar, varchar) -> varchar
array_max(array(T)) -> T where T orderable; array_min(array(T)) -> T where T orderable
array_position(array(T), T) -> bigint where T comparable; array_remove(array(E), E) -> array(E) where E comparable
array_sort(array(E)) -> array(E) where E orderable; array_sort(array(T), function(T, T, integer)) -> array(T)
cardinality(array(E)) -> bigint; cardinality(map(K, V)) -> bigint; combinations(array(T), integer) -> array(array(T))
contains(array(T), T) -> boolean where T comparable; contains(varchar, ipaddress) -> boolean
element_at(array(E), bigint) -> E; element_at(map(K, V), K) -> V
filter(array(T), function(T, boolean)) -> array(T); flatten(array(array(E))) -> array(E)
reduce(array(T), S, function(S, T, S), function(S, R)) -> R; repeat(T, integer) -> array(T)
reverse(array(E)) -> array(E); sequence(bigint, bigint) -> array(bigint)
sequence(bigint, bigint, bigint) -> array(bigint); shuffle(array(E)) -> array(E)
slice(array(E), bigint, bigint) -> array(E); transform(array(T), function(T, U)) -> array(U)
trim_array(array(E), bigint) -> array(E); zip_with(array(T), array(U), function(T, U, R)) -> array(R)
map(array(K), array(V)) -> map(K, V) where K comparable; map_keys(map(K, V)) -> array(K)
map_values(map(K, V)) -> array(V)

at_timezone(timestamp(p) with time zone, varchar(x)) -> timestamp(p) with time zone; date(varchar(x)) -> date
date(timestamp(p)) -> date; date(timestamp(p) with time zone) -> date
date_add(varchar(x), bigint, date) -> date; date_add(varchar(x), bigint, timestamp(p)) -> timestamp(p)
date_add(varchar(x), bigint, timestamp(p) with time zone) -> timestamp(p) with time zone
date_diff(varchar(x), date, date) -> bigint; date_diff(varchar(x), timestamp(p), timestamp(p)) -> bigint
date_diff(varchar(x), timestamp(p) with time zone, timestamp(p) with time zone) -> bigint
date_format(timestamp(p), varchar(x)) -> varchar; date_format(timestamp(p) with time zone, varchar(x)) -> varchar
date_parse(varchar(x), varchar(y)) -> timestamp(3); date_trunc(varchar(x), date) -> date
date_trunc(varchar(x), timestamp(p)) -> timestamp(p)
date_trunc(varchar(x), timestamp(p) with time zone) -> timestamp(p) with time zone
format_datetime(timestamp(p), varchar(x)) -> varchar
format_datetime(timestamp(p) with time zone, varchar(x)) -> varchar
from_iso8601_timestamp(varchar(x)) -> timestamp(3) with time zone; from_iso8601_date(varchar(x)) -> date
from_unixtime(double) -> timestamp(3) with time zone; from_unixtime(double, varchar(x)) -> timestamp(3) with time zone
from_unixtime_nanos(bigint) -> timestamp(9) with time zone; human_readable_seconds(double) -> varchar
last_day_of_month(date) -> date; last_day_of_month(timestamp(p)) -> date; now() -> timestamp(3) with time zone
parse_datetime(varchar(x), varchar(y)) -> timestamp(3) with time zone; to_iso8601(date) -> varchar(16)
to_iso8601(timestamp(p)) -> varchar; to_iso8601(timestamp(p) with time zone) -> varchar
to_milliseconds(interval day to second) -> bigint; to_unixtime(timestamp(p)) -> double
to_unixtime(timestamp(p) with time zone) -> double
with_timezone(timestamp(p), varchar(x)) -> timestamp(p) with time zone
"""

MOMENTS = [
    "day",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "dow",
    "doy",
    "hour",
    "millisecond",
    "minute",
    "month",
    "quarter",
    "second",
    "week",
    "week_of_year",
    "year",
    "year_of_week",
    "yow",
]

AGGREGATES = """
approx_distinct(T) -> bigint where T comparable; approx_distinct(T, double) -> bigint where T comparable
approx_percentile(bigint, double) -> bigint; approx_percentile(double, double) -> double
approx_percentile(real, double) -> real; approx_percentile(bigint, double, double) -> bigint
approx_percentile(double, double, double) -> double; approx_percentile(bigint, array(double)) -> array(bigint)
approx_percentile(double, array(double)) -> array(double)
arbitrary(T) -> T; array_agg(T) -> array(T); avg(bigint) -> double; avg(double) -> double; avg(real) -> real
avg(decimal(p,s)) -> decimal(p,s)
bool_and(boolean) -> boolean; bool_or(boolean) -> boolean; every(boolean) -> boolean
checksum(T) -> varbinary where T comparable; corr(double, double) -> double; count() -> bigint; count(T) -> bigint
count_if(boolean) -> bigint; geometric_mean(bigint) -> double; geometric_mean(double) -> double
histogram(K) -> map(K, bigint) where K comparable; kurtosis(double) -> double
map_agg(K, V) -> map(K, V) where K comparable
max(E) -> E where E orderable; max(E, bigint) -> array(E) where E orderable
max_by(V, K) -> V where K orderable; max_by(V, K, bigint) -> array(V) where K orderable
min(E) -> E where E orderable; min(E, bigint) -> array(E) where E orderable; min_by(V, K) -> V where K orderable
min_by(V, K, bigint) -> array(V) where K orderable; skewness(double) -> double
stddev(bigint) -> double; stddev(double) -> double; stddev_pop(bigint) -> double; stddev_pop(double) -> double
stddev_samp(bigint) -> double; stddev_samp(double) -> double; sum(bigint) -> bigint; sum(double) -> double
sum(real) -> real; sum(decimal(p,s)) -> total(p,s); sum(interval day to second) -> interval day to second
var_pop(bigint) -> double; var_pop(double) -> double; var_samp(bigint) -> double; var_samp(double) -> double
variance(bigint) -> double; variance(double) -> double
"""

WINDOWS = """
cume_dist() -> double; dense_rank() -> bigint; first_value(T) -> T; lag(T) -> T; lag(T, bigint) -> T
lag(T, bigint, T) -> T; last_value(T) -> T; lead(T) -> T; lead(T, bigint) -> T; lead(T, bigint, T) -> T
nth_value(T, bigint) -> T; ntile(bigint) -> bigint; percent_rank() -> double; rank() -> bigint; row_number() -> bigint
"""
