"""The loop between measuring and limiting, against a limiter that is only arithmetic."""

from dataclasses import replace

import pytest

from operators import registry
from operators.capabilities import TwoPass
from operators.loudness import NEUTRAL, Loudness, next_settings, read_summary
from tests.helpers.infos import audio, sound_only

SUMMARY = """[Parsed_ebur128_0 @ 0x1] Summary:

  Integrated loudness:
    I:         -23.0 LUFS
    Threshold: -33.4 LUFS

  Loudness range:
    LRA:         7.1 LU
    Threshold: -43.3 LUFS
    LRA low:   -27.0 LUFS
    LRA high:  -19.9 LUFS

  True peak:
    Peak:        -3.2 dBFS
""".splitlines()


def test_the_summary_is_read() -> None:
    seen = read_summary(["[info] Summary: an older one", *SUMMARY, "[info] video:0kB"])
    assert seen == Loudness(integrated=-23.0, threshold=-33.4, range=7.1, true_peak=-3.2)
    assert read_summary(SUMMARY[:4]) is None
    assert read_summary(["nothing"]) is None


class Signal:
    """Programme with a loudness and a peak; limiting costs `loss` LU for each dB that peaks lose."""

    def __init__(self, integrated: float, peak: float, loss: float) -> None:
        self.integrated, self.peak, self.loss = integrated, peak, loss

    def measured(self, settings: dict[str, str]) -> Loudness:
        before = float(settings.get("before", "0"))
        ceiling = float(settings["lowest"]) if "lowest" in settings else 99.0
        over = max(0.0, self.peak + before - ceiling)
        return Loudness(
            integrated=round(self.integrated + before - over * self.loss, 1),
            threshold=-40,
            range=5,
            true_peak=round(self.peak + before - over, 1),
        )


@pytest.mark.parametrize("integrated", [-62.0, -33.0, -23.0, -16.1, -9.0])
@pytest.mark.parametrize("crest", [4.0, 12.0, 24.0])
@pytest.mark.parametrize("loss", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("target", [-23.0, -16.0, -9.0])
def test_it_settles_on_the_target_below_the_ceiling(
    integrated: float, crest: float, loss: float, target: float
) -> None:
    signal, settings, rounds = Signal(integrated, integrated + crest, loss), {}, 0
    is_settled = False
    while not is_settled:
        seen = signal.measured(settings)
        settings, is_settled = next_settings(seen, target, -1.5, settings)
        rounds += 1
    assert rounds <= 7
    gain = float(settings["gain_db"])
    assert seen.true_peak + gain <= -1.5 + 0.01
    reached = seen.integrated + gain
    assert abs(reached - target) <= 0.5 or loss == 0.6  # then peaks are most of its loudness


def test_what_needs_no_limiting_settles_at_once_and_linearly() -> None:
    seen = Loudness(integrated=-23, threshold=-33, range=7, true_peak=-12)
    values, is_settled = next_settings(seen, -16, -1.5, {})
    assert is_settled
    assert values["gain_db"] == "7.00"
    assert float(values["gain"]) == pytest.approx(10 ** (7 / 20), abs=1e-6)
    assert {name: float(values[name]) for name in NEUTRAL} == NEUTRAL


def test_what_is_too_loud_for_the_meter_is_lowered_first() -> None:
    first = Loudness(integrated=10, threshold=0, range=0, true_peak=31)
    settings, is_settled = next_settings(first, -16, -1.5, {})
    assert not is_settled
    assert (float(settings["raise"]), settings["is_limited"]) == (
        pytest.approx(10 ** (-31 / 20), abs=1e-6),
        "0.000000",
    )
    second = Loudness(integrated=-12, threshold=-22, range=0, true_peak=0)
    values, is_settled = next_settings(second, -16, -1.5, settings)
    assert is_settled
    assert values["gain_db"] == "-4.00"
    assert values["raise"] == settings["raise"]


def test_what_cannot_be_reached_ends_as_loud_as_it_gets_below_the_ceiling() -> None:
    signal, settings, is_settled = Signal(-40, -5, 0.97), {}, False
    while not is_settled:
        seen = signal.measured(settings)
        settings, is_settled = next_settings(seen, -10, -1.5, settings)
    assert seen.true_peak + float(settings["gain_db"]) <= -1.5 + 0.01


@pytest.mark.parametrize("integrated", [-70.0, float("-inf")])
def test_silence_is_left_alone(integrated: float) -> None:
    seen = Loudness(integrated=integrated, threshold=-70, range=0, true_peak=float("-inf"))
    values, is_settled = next_settings(seen, -16, -1.5, {})
    assert is_settled
    assert float(values["gain"]) == 1


def test_the_operator_warns_of_silence_and_of_a_wide_range() -> None:
    kind = registry.find("loudnorm")
    assert kind is not None
    operator, _ = kind.read({"target_lra": 5}, "")
    assert operator is not None
    assert "wider than 5" in str(operator.settle(SUMMARY, {}).warning)
    silent = [line.replace("-23.0", "-70.0") for line in SUMMARY]
    assert "silent" in str(operator.settle(silent, {}).warning)
    wide, _ = kind.read({"target_lra": 20}, "")
    assert wide is not None
    assert wide.settle(SUMMARY, operator.unmeasured()).warning is None
    with pytest.raises(ValueError, match="no loudness summary"):
        operator.settle(["nothing"], {})


@pytest.mark.parametrize(
    ("length_ms", "times"), [(30, 27), (200, 5), (400, 3), (401, 0), (None, 0)]
)
def test_sound_shorter_than_a_block_is_measured_again_and_again(
    length_ms: int | None, times: int
) -> None:
    kind = registry.find("loudnorm")
    assert kind is not None
    operator, _ = kind.read({}, "")
    assert operator is not None
    source = replace(sound_only(), duration_ms=length_ms, audio=(audio(duration_ms=None),))
    (link,) = operator.measure([source], source)
    filters = ",".join(map(str, link.filters))
    assert f"aloop=loop={times}:" in filters if times else "aloop" not in filters


def test_stored_plans_find_the_values_that_they_name() -> None:
    """They render with `loudnorm=I=<target>:measured_I=<input_i>:…`, whose gain is the difference."""
    seen = Loudness(integrated=-23, threshold=-33, range=7, true_peak=-12)
    values, _ = next_settings(seen, -16, -1.5, {})
    named = ("input_i", "input_tp", "input_lra", "input_thresh", "target_offset")
    assert {name: float(values[name]) for name in named} == {
        "input_i": -23, "input_tp": -99, "input_lra": 0.1, "input_thresh": -69.9, "target_offset": 0,
    }  # fmt: skip


def test_a_script_takes_the_gain_from_the_log() -> None:
    kind = registry.find("loudnorm")
    assert kind is not None
    operator, _ = kind.read({"target_lufs": -20, "target_tp": -1}, "")
    assert isinstance(operator, TwoPass)

    values = operator.shell_values('"$work/log"')

    assert list(values) == ["gain"]
    assert values["gain"].startswith("awk -v target=-20.0 -v ceiling=-1.0 ")
    assert values["gain"].endswith(' "$work/log"')
