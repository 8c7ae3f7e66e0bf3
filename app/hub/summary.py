"""What the hub found out, for `report.html`, `report.json` and `--json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.hub.fleet import StationFacts
from app.hub.folders import RefusedFolder
from app.hub.left_out import LeftOut, StationScore


@dataclass(frozen=True)
class StationSummary:
    """What a station contributed, and how a model without it answers there.

    Attributes:
        folders, refused: Numbers of folders that were used, and that were left out.
        samples, duplicates, left_out, embedded_again, classes: As in `app.hub.fleet.StationFacts`.
        accuracy: 0..1; None if no model without this station could be judged here.
        judged, only_here: As in `app.hub.left_out.StationScore`.
    """

    name: str
    folders: int
    refused: int
    samples: int
    duplicates: int
    left_out: int
    embedded_again: int
    classes: Mapping[str, int]
    accuracy: float | None
    judged: int
    only_here: int


@dataclass(frozen=True)
class Summary:
    """Everything that was found out.

    Attributes:
        labels: Class labels of the model.
        names: The names of each class at the stations.
        confusion: Rows are true classes, columns answers of models without the station.
        months: Month, number of right answers, number of tested samples.
        accuracy: The mean over stations that were left out, 0..1.
        left_out_together: The largest number of stations that were left out at a time.
        from_sums: Whether the weights come from sums, because the samples exceed the memory limit.
    """

    labels: Sequence[str]
    names: Mapping[str, Sequence[str]]
    stations: Sequence[StationSummary]
    refused: Sequence[RefusedFolder]
    confusion: Sequence[Sequence[int]]
    months: Sequence[tuple[str, int, int]]
    accuracy: float | None
    left_out_together: int
    from_sums: bool
    serial: int
    extractor_name: str
    extractor_sha256: str

    @property
    def samples(self) -> int:
        """The number of samples of all stations."""
        return sum(one.samples for one in self.stations)

    @property
    def duplicates(self) -> int:
        """The number of samples that were dropped because an earlier one is the same."""
        return sum(one.duplicates for one in self.stations)

    def as_json(self) -> dict[str, Any]:
        """Return values that JSON can store."""
        return {
            "classes": list(self.labels),
            "samples": self.samples,
            "duplicates": self.duplicates,
            "accuracy": self.accuracy,
            "stations": [asdict(one) for one in self.stations],
            "refused": refusals_as_json(self.refused),
            "names": {label: list(names) for label, names in self.names.items()},
            "confusion": [list(row) for row in self.confusion],
            "months": [{"month": month, "right": right, "tested": judged} for month, right, judged in self.months],
            "left_out_together": self.left_out_together,
            "from_sums": self.from_sums,
            "serial": self.serial,
        }


def station_summaries(stations: Mapping[str, StationFacts], left_out: LeftOut) -> list[StationSummary]:
    """Put together what is known of each station, sorted by name."""
    found = []
    for name, facts in sorted(stations.items()):
        score = left_out.stations.get(name, StationScore())
        found.append(
            StationSummary(
                name=name, accuracy=score.accuracy, judged=score.judged, only_here=score.only_here, **asdict(facts)
            )
        )
    return found


def refusals_as_json(refused: Sequence[RefusedFolder]) -> list[dict[str, str]]:
    """Return the folders that were left out, with the reasons, as values for JSON."""
    return [{"folder": one.name, "station": one.station, "reason": one.reason} for one in refused]
