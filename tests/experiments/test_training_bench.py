"""The comparison of trainings: whose cells it runs, and what it calls sooner."""

import pytest

pytestmark = pytest.mark.kept(
    "book/experiments",
    "book/latents",
    "tests/benchmarks",
    "book/records/bench",
    "book/records/full",
)


def run(curve, cost=1.0):
    clock = [cost * (epoch + 1) for epoch in range(len(curve))]
    return {"curve": curve, "seconds": clock, "cpu_seconds": [2 * t for t in clock]}


def test_sooner_is_the_first_epoch_that_beats_the_end_of_the_recipe(training_bench):
    how = training_bench.Chapter("nats", (1,))
    recipe, ours = run([300, 260, 250, 251]), run([270, 252, 250, 249], cost=0.5)
    assert training_bench.ratio(how, recipe, ours) == {"seconds": 2.67, "cpu_seconds": 2.67}
    higher = training_bench.Chapter("dB", (1,), higher=True)
    assert training_bench.ratio(higher, run([10, 14, 15]), run([12, 14, 20, 25]))["seconds"] == 1


def test_a_training_that_never_gets_there_has_no_ratio(training_bench):
    how = training_bench.Chapter("nats", (1,))
    with pytest.raises(SystemExit, match="never reaches"):
        training_bench.ratio(how, run([250]), run([250, 250]))


@pytest.mark.slow
@pytest.mark.parametrize("chapter", ["conv_autoencoder", "vae", "tfp_vae"])
def test_the_cells_of_a_chapter_define_what_is_compared(training_bench, chapter):
    cells = training_bench.definitions(chapter)
    for name in ("train_published", "train_ours", "figure_of", "curve_of"):
        assert callable(getattr(cells, name))
    assert len(cells.LEVERS) >= 4
    short = training_bench.CHAPTERS[chapter].short
    assert short in {"", *cells.LEVERS}
