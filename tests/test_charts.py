"""Charts: what is drawn is what the table holds, and the words around it say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn import DAY, address, cells, draw, labels, legend, lengths, records, stacks, ticks, title
from matplotlib.colors import LogNorm, to_hex

from rejectkit import charts
from rejectkit.charts.palette import KINDS
from rejectkit.errors import ArgumentError
from rejectkit.window import Window


def test_ports_show_every_figure_and_the_others_in_one_bar() -> None:
    """The longest bars have the ports' names, the last stands for the rest, and the title counts them."""
    table = pd.DataFrame({"dstPort": [22, 3389, 8081, 40001, 40002], "flows": [50, 30, 10, 3, 2]})
    axes = draw("ports", table, window=DAY, n=3)
    assert labels(axes) == ["22 SSH", "3389 RDP", "8081 HTTP alternate", "… and 2 others"]
    assert lengths(axes) == [50, 30, 10, 5]
    assert [words.get_text() for words in axes.texts] == ["50 · 53 %", "30 · 32 %", "10 · 11 %", "5 · 5 %"]
    assert title(axes) == f"Rejected flows by destination port: 95 of 95 flows, top 3 of 5 ports, {DAY}"
    assert axes.get_xlabel() == "flows"


def test_one_other_gets_its_own_bar() -> None:
    """A bar for "1 other" would take the room of its name."""
    axes = draw("ports", pd.DataFrame({"dstPort": [22, 23, 25], "flows": [3, 2, 1]}), n=2)
    assert labels(axes) == ["22 SSH", "23 Telnet", "25 SMTP"]
    assert "3 ports, window not given" in title(axes)


def test_a_bar_of_others_that_dwarfs_the_rest_is_cut_and_says_so() -> None:
    """The named bars keep their length on the page; the cut one keeps its figure."""
    axes = draw("ports", pd.DataFrame({"dstPort": range(5000), "flows": [40] * 20 + [1] * 4980}))
    assert labels(axes)[-1] == "… and 4,980 others"
    assert lengths(axes)[-1] == 4980 > axes.get_xlim()[1]
    assert axes.texts[-1].get_text() == "4,980 · 86 % (bar cut)"
    assert 0.6 * axes.get_xlim()[1] < 40


def test_ports_of_protocols_are_told_apart() -> None:
    """53 over TCP and over UDP are two services, and ICMP has no port."""
    table = pd.DataFrame({"dstPort": [53, 53, 0, None], "protocol": [6, 17, 1, None], "flows": [4, 3, 2, 1]})
    assert labels(draw("ports", table)) == ["53 DNS", "53/UDP DNS", "ICMP", "–"]


@pytest.mark.parametrize("ports", [[22, 443], [22.0, 443.0], ["22", "443"], pd.array([22, 443], dtype="Int32")])
def test_a_port_is_a_port_in_any_type(ports: Any) -> None:
    """Floats that a null made, and text, are read as the whole numbers they stand for."""
    assert labels(draw("ports", pd.DataFrame({"dstPort": ports, "flows": [2, 1]}))) == ["22 SSH", "443 HTTPS"]


@pytest.mark.parametrize(
    ("columns", "options", "word", "drawn"),
    [
        ({"flows": [5, 4]}, {}, "flows", [5, 4]),
        ({"count(*)": [5, 4]}, {}, "flows", [5, 4]),
        ({"flows": ["5", "4"]}, {}, "flows", [5, 4]),
        ({"totalPackets": [5, 4]}, {}, "packets", [5, 4]),
        ({"sum(bytes)": [5, 4]}, {}, "bytes", [5, 4]),
        ({"packets": [5, 4], "action": ["REJECT", "REJECT"]}, {}, "packets", [5, 4]),
        ({"packets": [5, 4], "@timestamp": ["2026-11-01 10:00:00.000"] * 2}, {}, "flows", [1, 1]),
        ({"packets": [5, 4], "@timestamp": ["2026-11-01 10:00:00.000"] * 2}, {"measure": "packets"}, "packets", [5, 4]),
        ({"srcAddr": ["192.0.2.1", "192.0.2.2"]}, {}, "flows", [1, 1]),
        ({"flows": [5, 4], "sources": [3, 2]}, {"measure": "sources"}, "sources", [3, 2]),
    ],
)
def test_the_measure_is_found_or_told(
    columns: dict[str, Any], options: dict[str, Any], word: str, drawn: list[float]
) -> None:
    """An answer's column of counts is drawn; a row of a table of records counts as one flow."""
    axes = draw("ports", pd.DataFrame({"dstPort": [22, 23], **columns}), **options)
    assert axes.get_xlabel() == word
    assert lengths(axes) == drawn
    assert f"{sum(drawn)} of {sum(drawn)} {word}" in title(axes)


def test_the_title_says_of_how_many_and_what_was_left_out() -> None:
    """A total that the caller knows, rows without a value, and the action are told."""
    table = pd.DataFrame({"dstPort": [22, 23, 25], "flows": [7, 5, None], "action": ["ACCEPT"] * 3})
    expected = (
        "Accepted flows by destination port: 12 of 900 flows, 2 ports, 1 row without a value left out, window not given"
    )
    assert title(draw("ports", table, total=900)) == expected
    assert title(draw("ports", table[["dstPort", "flows"]], action=None)).startswith(
        "Flows by destination port: 12 of 12"
    )


def test_huge_figures_are_short() -> None:
    """Thousands have commas, beyond them prefixes; bytes have their unit."""
    axes = draw("ports", pd.DataFrame({"dstPort": [22, 23, 25], "totalBytes": [9.1e15, 3e12, 1234]}))
    assert [words.get_text().split(" ·")[0] for words in axes.texts] == ["9.1 PB", "3 TB", "1.23 kB"]
    assert [label.get_text() for label in ticks(axes, "x")] == ["0 B", "5 PB", "10 PB"]
    assert "9.1 PB of 9.1 PB" in title(axes)


def test_sources_stand_in_a_block_for_each_kind() -> None:
    """Every kind has its own colour, hatch, largest sources and others, so that the few from inside are seen."""
    table = pd.DataFrame(
        {
            "srcAddr": [address(at) for at in range(40)],
            "kind": ["scanner"] * 38 + ["inside"] * 2,
            "flows": [*range(1000, 962, -1), 9, 8],
        }
    )
    axes = draw("sources", table, n=6)
    assert labels(axes) == [address(38), address(39), *(address(at) for at in range(4)), "… and 34 others"]
    heads = [words.get_text() for words in axes.texts if words.get_weight() == "bold"]
    assert heads == ["inside: 2 sources, 17 flows", "scanner: 38 sources, 37,297 flows"]
    shown = [(to_hex(bar.get_facecolor()).upper(), bar.get_hatch() or "") for bar in axes.patches if bar.get_width()]
    looks = [(KINDS[kind].colour, KINDS[kind].hatch) for kind in ["inside"] * 2 + ["scanner"] * 5]
    assert sorted(shown) == sorted(looks)
    assert "top 6 of 40 sources" in title(axes)


@pytest.mark.parametrize("name", ["timeline", "interfaces"])
def test_a_kind_has_its_colour_and_hatch_in_every_chart(name: str) -> None:
    """A kind looks the same wherever it is drawn, and no two kinds share a colour or a hatch."""
    axes = draw(name, records(70), by="kind")
    found = axes.get_legend()
    assert found is not None
    drawn = {words.get_text(): patch for words, patch in zip(found.get_texts(), found.get_patches(), strict=True)}
    assert {
        kind: (to_hex(patch.get_facecolor()).upper(), patch.get_hatch() or "") for kind, patch in drawn.items()
    } == {kind: (look.colour, look.hatch) for kind, look in KINDS.items()}
    assert len({look.colour for look in KINDS.values()}) == len({look.hatch for look in KINDS.values()}) == 7


def test_parts_beyond_seven_are_one() -> None:
    """A stack of many categories names the seven largest and counts the others."""
    table = pd.DataFrame(
        {"interfaceId": ["eni-1"] * 30, "vpcId": [f"vpc-{at}" for at in range(30)], "flows": range(30, 0, -1)}
    )
    axes = draw("interfaces", table, by="vpcId")
    assert sorted(legend(axes)) == sorted([*(f"vpc-{at}" for at in range(7)), "23 others"])
    assert lengths(axes) == [465]


def test_a_gap_is_a_gap_and_zero_is_zero() -> None:
    """An interval without a row is empty and shaded, one of 0 is marked; the legend counts both."""
    hours = pd.to_datetime(["2026-11-01 00:00", "2026-11-01 01:00", "2026-11-01 02:00", "2026-11-01 05:00"])
    axes = draw("timeline", pd.DataFrame({"t": hours, "flows": [9, 0, 4, 2]}))
    np.testing.assert_equal(stacks(axes)[0], [9, 0, 4, np.nan, np.nan, 2])
    assert legend(axes) == ["no record in 2 of 6 intervals", "0 in 1 interval"]
    (mark,) = axes.lines
    assert np.asarray(mark.get_xdata()) == pytest.approx([20758 + 1.5 / 24])
    assert axes.get_ylabel() == "flows per 1 h"
    assert axes.get_xlabel() == "time (UTC)"


@pytest.mark.parametrize("name", ["bin(1h)", "t", "hour"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_times_are_utc_whatever_they_come_as(name: str, zone: str | None) -> None:
    """Times without a zone are UTC, others are brought to it; the column may have the query's own name."""
    hours = pd.date_range("2026-11-01", periods=3, freq="h", tz="UTC")
    table = pd.DataFrame({name: hours.tz_convert(zone) if zone else hours.tz_localize(None), "flows": [1, 2, 3]})
    axes = draw("timeline", table)
    assert axes.get_xticklabels()[0].get_text() == "00:00\n2026-11-01"
    assert title(axes).endswith("per 1 h, 2026-11-01 00:00 to 2026-11-01 03:00 UTC")


def test_a_long_timeline_adds_intervals_up() -> None:
    """More intervals than can be seen become longer ones; nothing is lost, and the title says how long."""
    times = pd.date_range("2026-11-01", periods=4320, freq="10min", tz="UTC")
    axes = draw("timeline", pd.DataFrame({"t": times, "flows": 1}))
    assert "4,320 of 4,320 flows, per 3 h" in title(axes)
    assert set(stacks(axes)[0]) == {18}
    assert len(stacks(draw("timeline", pd.DataFrame({"t": times, "flows": 1}), period="1h"))[0]) == 720


def test_an_interval_that_the_window_cuts_is_drawn() -> None:
    """An answer's interval that starts before the window has a part in it."""
    table = pd.DataFrame({"t": pd.date_range("2026-11-01 10:00", periods=3, freq="h", tz="UTC"), "flows": [5, 6, 7]})
    axes = draw("timeline", table, window=Window.parse("2026-11-01 10:15", "2026-11-01 11:45"))
    assert stacks(axes)[0].tolist() == [5, 6]
    assert "11 of 18 flows" in title(axes)


def test_stacked_parts_add_up() -> None:
    """The parts of a stack are the table's, null among them, in every interval."""
    table = pd.DataFrame(
        {"t": ["2026-11-01 00:00"] * 3 + ["2026-11-01 00:05"], "azId": ["a", "b", None, "a"], "flows": [5, 3, 1, 2]}
    )
    axes = draw("timeline", table, by="azId")
    assert [part.tolist() for part in stacks(axes)] == [[5, 2], [3, 0], [1, 0]]
    assert legend(axes) == ["a", "b", "–"]


def test_source_port_map_has_the_sums_and_the_others() -> None:
    """Rows are sources, columns are ports, largest first; others are the last row and column, none is blank."""
    table = pd.DataFrame(
        {
            "srcAddr": ["192.0.2.1"] * 4 + ["192.0.2.2", "192.0.2.3", "192.0.2.4"],
            "dstPort": [22, 23, 25, 80, 22, 22, 23],
            "flows": [9, 8, 2, 1, 5, 1, 1],
        }
    )
    axes = draw("source_port_heatmap", table, n=2, n_ports=2)
    assert labels(axes) == ["192.0.2.1", "192.0.2.2", "… and 2 others"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["22 SSH", "23 Telnet", "… and 2 others"]
    assert cells(axes).filled(0).tolist() == [[9, 8, 3], [5, 0, 0], [1, 1, 0]]
    assert cells(axes).mask.sum() == 3
    assert "27 of 27 flows, top 2 of 4 sources, top 2 of 4 ports" in title(axes)


@pytest.mark.parametrize(("most", "log"), [(99, False), (100, True), (10**9, True)])
def test_colours_count_in_powers_of_ten_where_the_span_asks_for_it(most: int, log: bool) -> None:
    """From a hundredfold on the scale is logarithmic; the colour bar says which, and its unit."""
    table = pd.DataFrame({"srcAddr": ["192.0.2.1", "192.0.2.2"], "dstPort": [22, 23], "flows": [1, most]})
    axes = draw("source_port_heatmap", table)
    (mesh,) = axes.collections
    assert isinstance(mesh.norm, LogNorm) is log
    (bar,) = axes.child_axes
    assert bar.get_ylabel() == f"flows{', powers of ten' * log} (pale grey: none)"
    assert ticks(bar, "y")[0].get_text() == ("1" if log else "0")


def test_hours_outside_the_window_are_not_zero() -> None:
    """Days are added up by hour of day; hours that have no part in the window are hatched."""
    times = ["2026-11-01 00:10", "2026-11-01 00:50", "2026-11-01 02:00"]
    table = pd.DataFrame({"@timestamp": pd.to_datetime(times, utc=True), "dstPort": [22, 22, 23]})
    axes = draw("hour_port_heatmap", table, window=Window.parse("2026-11-01", "2026-11-01 02:30"))
    assert cells(axes).filled(0)[:, :3].tolist() == [[2, 0, 0], [0, 0, 1]]
    hatched = [patch for patch in axes.patches if patch.get_hatch()]
    assert [patch.get_x() for patch in hatched] == list(range(3, 24))
    assert legend(axes) == ["not in the window"]
    assert axes.get_xlabel() == "hour of day (UTC), summed over 2 h 30 min"
    whole = draw("hour_port_heatmap", table, window=DAY)
    assert legend(whole) == []


def test_directions_are_told_or_worked_out() -> None:
    """The field is used where there is one; else the interface's own address, which recurs, tells. Both always show."""
    said = pd.DataFrame({"flowDirection": ["egress", None], "flows": [3, 1]})
    assert labels(draw("directions", said)) == ["outbound (egress)", "– (cannot tell)", "inbound (ingress)"]
    axes = draw("directions", records(5, 60))
    assert labels(axes) == ["inbound (ingress)", "outbound (egress)"]
    assert lengths(axes) == [60, 0]


def test_directions_part_mixed_actions() -> None:
    """The answer of `questions.directions` holds both actions; they are not added up in silence."""
    table = pd.DataFrame({"flowDirection": ["ingress", "ingress"], "action": ["ACCEPT", "REJECT"], "flows": [90, 10]})
    axes = draw("directions", table)
    assert legend(axes) == ["ACCEPT", "REJECT"]
    assert title(axes).startswith("Flows by direction and action: 100 of 100 flows")


@pytest.mark.parametrize(
    ("name", "table", "options", "message"),
    [
        (
            "ports",
            {"srcAddr": ["192.0.2.1"], "flows": [1]},
            {},
            'no dstPort; it has srcAddr, flows. rk.questions.top("dstPort") makes one',
        ),
        ("ports", {"dstPort": [22], "n": [1]}, {}, "no column of counts (flows, packets or bytes)"),
        ("ports", {"dstPort": [22], "flows": [1]}, {"measure": "hits"}, "no column of counts (hits)"),
        ("timeline", {"flows": [1]}, {}, 'no t (or @timestamp); it has flows. rk.questions.timeline("5m") makes one'),
        ("timeline", {"t": ["soon"], "flows": [1]}, {}, "column 't' holds more than times"),
        ("timeline", {"t": [1_793_521_440], "flows": [1]}, {}, "column 't' holds numbers, not times"),
        (
            "timeline",
            {"t": ["2026-11-01"], "flows": [1]},
            {"period": "1s", "window": Window.parse("2026-01-01", "2027-01-01")},
            "more than can be drawn",
        ),
        ("directions", {"srcAddr": ["192.0.2.1"], "flows": [1]}, {}, "no flowDirection"),
        ("interfaces", {"interfaceId": ["eni-1"], "flows": [-1]}, {}, "holds -1, which is no count"),
        ("interfaces", {"interfaceId": ["eni-1"], "flows": ["many"]}, {}, "holds more than numbers"),
        ("sources", {"srcAddr": ["192.0.2.1"], "flows": [1]}, {"by": "kind"}, "no kind"),
        ("sources", {"srcAddr": ["192.0.2.1"], "flows": [1]}, {"n": 0}, "n is a whole number from 1"),
        ("sources", {"srcAddr": ["192.0.2.1"], "flows": [1]}, {"action": "DROP"}, "action is 'DROP'"),
        ("sources", {"srcAddr": ["192.0.2.1"], "flows": [1]}, {"ax": "here"}, "ax is str, not matplotlib Axes"),
    ],
)
def test_a_table_that_cannot_be_drawn_is_refused_with_the_way_out(
    name: str, table: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    """The error names what is missing or wrong, and where it can be, the question that makes such a table."""
    with pytest.raises(ArgumentError) as caught:
        draw(name, pd.DataFrame(table), **options)
    assert message in str(caught.value)


def test_a_chart_wants_a_data_frame() -> None:
    """A list of records is refused by name of its type."""
    with pytest.raises(ArgumentError, match=r"takes a pandas DataFrame, not list; rk\.questions"):
        charts.ports([{"dstPort": 22}])  # type: ignore[arg-type]  # the wrong type is what is tested
