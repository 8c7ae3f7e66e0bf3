"""The hub's report reads well with few stations and with hundreds."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.hub.folders import RefusedFolder
from app.hub.report_page import MANY, MOST_ROWS, hub_page
from app.hub.summary import StationSummary, Summary

pytestmark = pytest.mark.needs_runtime


def station(number: int, accuracy: float | None) -> StationSummary:
    return StationSummary(
        name=f"station {number:03d} <b>",
        folders=1,
        refused=0,
        samples=20,
        duplicates=3 if number == 1 else 0,
        left_out=0,
        embedded_again=0,
        classes={"apple": 12, "cup": 8},
        accuracy=accuracy,
        judged=20 if accuracy is not None else 0,
        only_here=0,
    )


def summary(*accuracies: float | None) -> Summary:
    known = [one for one in accuracies if one is not None]
    return Summary(
        labels=["apple", "cup"],
        names={"apple": ["apple"], "cup": ["cup", "mug <i>"]},
        stations=[station(number, one) for number, one in enumerate(accuracies)],
        refused=[RefusedFolder("bad <script>", "bad", "it is not whole.")],
        confusion=[[10, 2], [0, 8]],
        months=[("2026-01", 9, 10), ("2026-02", 9, 10)],
        accuracy=sum(known) / len(known) if known else None,
        left_out_together=1,
        from_sums=False,
        serial=7,
        extractor_name="kiosk",
        extractor_sha256="0" * 64,
    )


def listed(page: str) -> list[str]:
    """The stations of the first list, in its order."""
    return re.findall(r"class=name>([^<]*)", page.partition("</ol>")[0])


def test_the_lowest_station_comes_first_and_those_far_below_the_mean_are_marked() -> None:
    page = hub_page(summary(0.9, 0.5, 1.0, None))
    assert [name[:11] for name in listed(page)] == ["station 001", "station 000", "station 002", "station 003"]
    assert page.count("'bar low'") == 1
    assert page.count("style='left:80.0%'") == 3
    assert "it is right for <b>80%</b> of the samples. The lowest is station 001 &lt;b&gt; with 50%." in page
    assert "3 duplicates of others" in page


def test_hundreds_of_stations_unfold_and_a_drawing_shows_how_they_differ() -> None:
    page = hub_page(summary(*(0.5 + number / 1000 for number in range(500))))
    assert len(listed(page)) == MOST_ROWS
    assert page.count(f"<summary>{500 - MOST_ROWS} more stations</summary>") == 2
    assert page.count("<title>65% to 70%: 50</title>") == 1
    assert "<title>65% to 70%" not in hub_page(summary(*[0.66] * (MANY - 1)))


def test_names_of_strangers_are_text_and_the_page_loads_nothing() -> None:
    page = hub_page(summary(0.9, 1.0), [(b"picture", "a <u>: cup → apple")])
    for name in ("<b> ", "<i>", "<script", "<u>", "http:", "https:"):
        assert name not in page.replace("<i style", "").replace("<i class", "")
    assert "mug &lt;i&gt;" in page
    assert page.count("<img") == 1
    assert "<img" not in hub_page(summary(0.9, 1.0))


def test_without_a_test_the_page_says_why() -> None:
    page = hub_page(replace(summary(None, None), confusion=[[0, 0], [0, 0]], months=[]))
    assert "No two stations taught the same classes, so it could not be tested" in page
    assert "What is mistaken for what" not in page
    assert "The folders do not say when they were saved." in page
