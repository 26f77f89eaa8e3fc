"""The training lab: its steps beside those of Keras, and every control by every means."""

import itertools
import re
import subprocess
import sys
from unittest import mock

import matplotlib as mpl
import numpy as np
import pytest
from browser import arrive, in_view
from contrast import SEEN, contrasts, nearest
from matplotlib.colors import rgb_to_hsv, to_rgb
from timing import median_time

from latents import bounds, data, weights
from latents.widgets.modules import needed
from latents.widgets.training_lab import Training, TrainingLab, sheet

pytestmark = pytest.mark.slow
PAGE = "book/experiments/vae.html"
NAME = "training_lab"
LAB = f"document.querySelector('[data-widget={NAME}] .widget-live').widget"
ENGINE = "const { Trainer, adam } = await import('/_widgets/shared/training.mjs');"
VAE = {"variational": True, "hidden": 64, "beta": 1, "seed": 1}
PLAIN = VAE | {"variational": False}


@pytest.fixture(scope="module")
def content():
    """Return the same garments, as Python has them."""
    return TrainingLab("quick")


@pytest.fixture
def page(visit):
    with visit(PAGE) as found:
        arrive(found.page, NAME)
        yield found.page


@pytest.fixture
def lab(page):
    return page.locator(f"[data-widget={NAME}]")


def train(page, lab, epochs: int) -> dict:
    """Train until an epoch is over, pause, and return what is shown then."""
    lab.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(f"{LAB}.report.epoch >= {epochs}")
    lab.get_by_role("button", name="Pause").click()
    page.wait_for_function(f"!{LAB}.busy")
    return page.evaluate(f"{LAB}.report")


def one_batch(page, content, settings: dict, count: int = 32) -> tuple:
    """Return [D, R], weights and gradients of a batch in the page; the batch; its noise."""
    x = content.images["train"][:count] / 255
    eps = np.random.default_rng(3).normal(size=(count, 2))
    found = page.evaluate(
        f"""async ([settings, x, eps]) => {{
          {ENGINE}
          const trainer = new Trainer(Float64Array.from(x), settings);
          for (const {{ b }} of trainer.layers) b.forEach((_, i) => (b[i] = Math.sin(i) / 10));
          trainer.room.x.set(x);
          const account = trainer.forward(trainer.room, 32, Float64Array.from(eps));
          trainer.backward(trainer.room, 32, Float64Array.from(eps));
          const list = layers => layers.map(({{ W, b }}) => [Array.from(W), Array.from(b)]);
          return [[account.D, account.R], list(trainer.layers), list(trainer.gradients)];
        }}""",
        [settings, x.ravel().tolist(), eps.ravel().tolist()],
    )
    return found[0], *map(as_arrays, found[1:]), x, eps


def as_arrays(layers: list) -> list:
    """Return kernels and biases of layers whose numbers came in flat lists."""
    return [(np.reshape(kernel, (-1, len(bias))), np.array(bias)) for kernel, bias in layers]


def worst(found: list, expected: list) -> float:
    """Return the largest error of some arrays, as a share of the largest number of each."""
    pairs = [
        (a, b) for f, e in zip(found, expected, strict=True) for a, b in zip(f, e, strict=True)
    ]
    return max(np.abs(a - np.asarray(b)).max() / np.abs(b).max() for a, b in pairs)


def test_the_page_has_the_garments_that_python_has(page, content):
    found = page.evaluate(
        """async () => {
          const { readPictures } = await import('/_widgets/shared/networks.mjs');
          const pictures = await readPictures('/_widgets/', 'training_lab.webp', 14);
          return Array.from(pictures, y => 255 * y);
        }"""
    )
    expected = np.concatenate([content.images["train"], content.images["test"]])
    np.testing.assert_array_equal(np.rint(found).reshape(-1, 196), expected)
    assert [len(each) for each in content.images.values()] == [2000, 500]
    for split, each in (("train", 200), ("test", 50)):
        assert (np.bincount(content.labels[split]) == each).all()


def test_what_it_loads_is_small(built):
    folder = built / "_widgets"
    assert (folder / "training_lab.webp").stat().st_size < 300_000
    assert (folder / "training_lab.png").stat().st_size < 100_000
    code = needed("training_lab.mjs")
    assert len(code) > 5
    assert sum(len(text.encode()) for text in code.values()) < 90_000


@pytest.mark.parametrize("settings", [VAE | {"beta": 3}, PLAIN])
def test_the_gradients_are_those_of_finite_differences(page, content, settings):
    errors = page.evaluate(
        f"""async ([settings, x]) => {{
          {ENGINE}
          const trainer = new Trainer(Float64Array.from(x), settings);
          trainer.room.x.set(x);
          const eps = Float64Array.from({{ length: 64 }}, trainer.noise.normal);
          const cost = () => {{
            const {{ D, R }} = trainer.forward(trainer.room, 32, eps);
            return D + trainer.beta * R;
          }};
          cost();
          trainer.backward(trainer.room, 32, eps);
          return Array.from({{ length: 400 }}, (_, k) => {{
            const i = Math.floor((k / 400) * trainer.weights.length);
            const [old, h] = [trainer.weights[i], 1e-5];
            const [up, down] = [h, -h].map(d => ((trainer.weights[i] = old + d), cost()));
            trainer.weights[i] = old;
            const [found, expected] = [trainer.gradient[i], (up - down) / (2 * h)];
            return Math.abs(found - expected) / Math.max(Math.abs(expected), 1e-3);
          }});
        }}""",
        [settings, (content.images["train"][:32] / 255).ravel().tolist()],
    )
    assert max(errors) < 1e-4


@pytest.mark.parametrize("settings", [VAE | {"beta": 3}, PLAIN])
def test_the_gradients_are_those_of_keras_and_of_numpy(page, content, settings):
    import tensorflow as tf
    from keras import losses

    account, layers, gradients, x, eps = one_batch(page, content, settings)
    ours = Training(**settings, layers=layers).gradients(x, eps)
    assert ours[:2] == pytest.approx(account, rel=1e-12, abs=1e-12)
    assert worst(gradients, ours[2]) < 1e-12

    def two_layers(x, hidden, out):
        return tf.nn.relu(x @ hidden[0] + hidden[1]) @ out[0] + out[1]

    variables = [[tf.Variable(array) for array in pair] for pair in layers]
    with tf.GradientTape() as tape:
        encoder, decoder = variables[:2], variables[2:]
        z = q = two_layers(tf.constant(x), *encoder)
        rate = tf.constant(0.0, "float64")
        if settings["variational"]:
            mean, log_var = tf.split(q, 2, axis=1)
            rate = tf.reduce_mean(tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var, 1)) / 2
            z = mean + tf.exp(log_var / 2) * eps
        y = tf.sigmoid(two_layers(z, *decoder))
        distortion = 196 * tf.reduce_mean(losses.binary_crossentropy(x, y))
        objective = distortion + settings["beta"] * rate
    assert [float(distortion), float(rate)] == pytest.approx(account, rel=1e-6)
    assert worst(gradients, tape.gradient(objective, variables)) < 1e-5


def test_a_step_of_adam_is_that_of_keras(page):
    import keras

    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=50), rng.normal(size=(20, 50)) * np.logspace(-6, 2, 50)
    found = page.evaluate(
        f"""async ([start, gradients]) => {{
          {ENGINE}
          const w = Float64Array.from(start);
          const moments = [new Float64Array(w.length), new Float64Array(w.length)];
          gradients.forEach((g, i) => adam(w, g, moments, i + 1));
          return Array.from(w);
        }}""",
        [start.tolist(), gradients.tolist()],
    )
    variable, adam = keras.Variable(start.astype("float32")), keras.optimizers.Adam()
    for gradient in gradients:
        adam.apply([keras.ops.convert_to_tensor(gradient.astype("float32"))], [variable])
    np.testing.assert_allclose(found, variable.numpy(), atol=2e-6)


LOSSES = f"""async ([settings, x, steps]) => {{
  {ENGINE}
  const trainer = new Trainer(Float64Array.from(x), settings);
  return Array.from({{ length: steps }}, () => trainer.train()).map(({{ D, R }}) => D + R);
}}"""


def test_one_seed_gives_the_same_losses_twice_and_another_does_not(page, content):
    x = (content.images["train"][:640] / 255).ravel().tolist()
    first, again, other = (page.evaluate(LOSSES, [VAE | {"seed": s}, x, 40]) for s in (5, 5, 6))
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_the_weights_begin_as_keras_begins_them(page, content):
    _, layers, *_ = one_batch(page, content, VAE)
    for (kernel, _), outputs in zip(layers, (64, 2, 64, 196), strict=True):
        limit = np.sqrt(6 / (len(kernel) + outputs))
        assert 0.9 * limit < np.abs(kernel).max() <= limit
        assert abs(kernel.mean()) < 0.15 * limit


def test_a_training_comes_to_what_the_chapter_says_of_a_vae(page, lab, content):
    report = train(page, lab, 8)
    landmarks = content.landmarks()
    assert landmarks["floor"] < report["test"]["D"] < 77 < landmarks["mean_image"]
    assert 2 < report["test"]["R"] < 6
    assert sum(report["test"].values()) < 80
    assert report["active"] == 2
    codes = np.reshape(report["codes"], (-1, 2))
    assert 1.03 * np.abs(codes).max() <= 5  # the map was larger when the training began
    assert bounds.active_units(codes) == 2
    assert np.abs(codes).max() <= report["window"]["reach"]
    assert [report["window"][axis] for axis in "xy"] == [0, 0]  # around the prior


def test_a_large_price_makes_it_collapse_and_a_low_one_brings_it_back(page, lab, content):
    lab.get_by_role("slider", name="β").focus()
    page.keyboard.press("End")
    assert page.evaluate(f"{LAB}.settings.beta") == 30
    report = train(page, lab, 8)
    assert report["active"] == 0
    assert report["test"]["R"] < 0.05
    assert report["test"]["D"] == pytest.approx(content.landmarks()["mean_image"], abs=1)
    assert "0 of 2" in lab.locator(".lab-numbers").inner_text()
    lab.get_by_role("slider", name="β").focus()
    page.keyboard.press("Home")
    report = train(page, lab, 16)
    assert report["active"] > 0
    assert report["test"]["D"] < 90


def test_a_plain_autoencoder_has_no_rate_and_its_map_reaches_further(page, lab):
    variational = train(page, lab, 6)
    lab.get_by_label("plain autoencoder").check()
    page.wait_for_function(f"{LAB}.report.step === 0")
    assert lab.get_by_role("slider", name="β").is_disabled()
    plain = train(page, lab, 6)
    assert plain["window"]["reach"] > 2 * variational["window"]["reach"]
    assert plain["test"]["D"] < variational["test"]["D"] + 2
    assert "R" not in plain["test"]
    assert "−ELBO" not in lab.locator(".lab-numbers").inner_text()


def test_the_sheet_shows_what_the_decoder_makes_of_the_map(page, lab):
    window = train(page, lab, 2)["window"]
    layers = page.evaluate(
        f"""async () => {{
          const networks = await {LAB}.engine.ask('networks', {{ slot: 'page' }});
          const layers = [...networks.encoder, ...networks.decoder];
          return layers.map(({{ W, b }}) => [Array.from(W), Array.from(b)]);
        }}"""
    )
    shown = page.evaluate(
        f"""() => Array.from({LAB}.sheet.getContext('2d').getImageData(0, 0, 210, 210).data)
                       .filter((_, i) => i % 4 === 0)"""
    )
    middle = window["x"], window["y"]
    expected = 255 * sheet(Training(layers=as_arrays(layers)), window["reach"], middle)
    assert np.abs(np.reshape(shown, (210, 210)) - expected).max() < 0.51


WINDOWS = """async () => {
  const { windowOf } = await import('/_widgets/shared/training_worker.mjs');
  const cloud = (x, y, size) => Float64Array.from({ length: 1000 }, (_, i) =>
    i % 2 ? y + size * Math.cos(i * 1.3) : x + size * Math.sin(i * 0.7));
  const far = windowOf(cloud(40, -25, 5), null);
  return {
    far,
    moved: windowOf(cloud(40.2, -25.2, 5.1), far),
    grown: windowOf(cloud(40, -25, 9), far),
    gone: windowOf(cloud(60, -25, 5), far),
    shrunk: windowOf(cloud(40, -25, 1), far),
    tiny: windowOf(cloud(0.1, 0.2, 0.01), null),
  };
}"""


def test_the_map_of_an_autoencoder_follows_its_codes_and_does_not_wobble(page):
    found = page.evaluate(WINDOWS)
    far = found["far"]
    assert (far["x"], far["y"]) == pytest.approx((40, -25), abs=far["reach"] / 10)
    assert 5 < far["reach"] < 10
    assert found["moved"] == far
    assert found["grown"]["reach"] > 9
    assert found["gone"]["x"] == pytest.approx(60, abs=far["reach"] / 10)
    assert found["shrunk"]["reach"] == 3
    assert found["tiny"] == {"x": 0, "y": 0, "reach": 3}


def test_the_codes_of_an_autoencoder_stay_on_a_map_that_seldom_moves(page, lab):
    lab.get_by_label("plain autoencoder").check()
    page.wait_for_function(f"{LAB}.report.step === 0")
    windows, least, middles = [], [], []
    for _ in range(30):
        report = page.evaluate(
            f"{LAB}.engine.ask('steps', {{ slot: 'page', count: 16 }})"
            ".then(({ window, codes }) => ({ window, codes: [...codes] }))"
        )
        window, codes = report["window"], np.reshape(report["codes"], (-1, 2))
        middle = np.array([window["x"], window["y"]])
        windows.append((*middle, window["reach"]))
        on_map = np.abs(codes - middle).max(axis=1) <= window["reach"]
        least.append(on_map.mean())
        middles.append(np.abs((codes.min(axis=0) + codes.max(axis=0)) / 2 - middle).max())
    assert min(least) == 1
    assert all(off <= 0.6 * reach for off, (_, _, reach) in zip(middles, windows, strict=True))
    changes = sum(a != b for a, b in itertools.pairwise(windows))
    assert 0 < changes <= 10


def test_no_code_is_beyond_the_edge_of_a_map(page):
    codes = [0.1, -0.2] * 499 + [-7.3, 2500.0]  # one of five hundred is far off
    found = page.evaluate(
        """async codes => {
          const { reachOf, windowOf } = await import('/_widgets/shared/training_worker.mjs');
          const [few, all] = [codes.slice(0, -2), codes].map(each => Float64Array.from(each));
          return [reachOf(all), reachOf(few), windowOf(all, windowOf(few, null))];
        }""",
        codes,
    )
    assert found[0] > 2500 and found[1] == 3
    window = found[2]
    for axis, values in (("x", codes[::2]), ("y", codes[1::2])):
        assert np.abs(np.subtract(values, window[axis])).max() <= window["reach"]


def holes(page, lab) -> tuple[int, int]:
    """Return how many tiles are holes, and of how many, as Python counts them; and as is said."""
    window, tiles, codes = page.evaluate(
        f"(({{ window, tiles, codes }}) => [window, tiles, [...codes]])({LAB}.report)"
    )
    steps = window["reach"] * ((2 * np.arange(15) + 1) / 15 - 1)
    across, up = np.meshgrid(window["x"] + steps, window["y"] - steps)
    away = [
        (grid - mean) / sd
        for grid, mean, sd in zip((across, up), tiles["mean"], tiles["sd"], strict=True)
    ]
    bulk = np.hypot(*away) <= 2
    taken = np.reshape(tiles["taken"], (15, 15)).astype(bool)
    if not page.evaluate(f"{LAB}.settings.variational"):  # its codes are those on the map
        x, y = np.reshape(codes, (-1, 2)).T
        edges = [window[axis] + window["reach"] * (2 * np.arange(16) / 15 - 1) for axis in "yx"]
        expected = np.histogram2d(y, x, edges)[0][::-1] > 0
        np.testing.assert_array_equal(taken, expected)
    lines = lab.locator(".lab-tiles path.lab-over").get_attribute("d")
    assert lines.count("M") == (~taken).sum()
    found = int((bulk & ~taken).sum()), int(bulk.sum())
    share = "{:.0f}% ({} of {} tiles)".format(np.floor(100 * found[0] / found[1] + 0.5), *found)
    assert lab.locator(".lab-holes").inner_text() == f"{share}."
    assert f"holes: {share}" in lab.locator(".lab-sheet").get_attribute("aria-label")
    return found


def test_the_map_of_a_vae_never_shrinks(page, lab):
    reaches = []
    for epochs in (1, 3, 6, 10):
        train(page, lab, epochs)
        reaches.append(page.evaluate(f"{LAB}.report.window.reach"))
    assert reaches == sorted(reaches)


def test_holes_are_hatched_and_a_vae_has_fewer(page, lab):
    page.wait_for_function(f"{LAB}.holes.textContent")
    untrained, of_prior = holes(page, lab)
    assert untrained < 0.15 * of_prior
    train(page, lab, 8)
    page.wait_for_timeout(100)
    few, of_prior = holes(page, lab)
    assert few < 0.15 * of_prior
    lab.get_by_label("plain autoencoder").check()
    page.wait_for_function(f"{LAB}.report.step === 0")
    train(page, lab, 8)
    page.wait_for_timeout(100)
    many, of_codes = holes(page, lab)
    assert many > 0.1 * of_codes
    assert many / of_codes > 1.5 * few / of_prior
    lab.get_by_label("VAE", exact=True).check()
    lab.get_by_role("slider", name="β").focus()
    page.keyboard.press("End")
    train(page, lab, 4)
    page.wait_for_timeout(100)
    collapsed, of_prior = holes(page, lab)  # the codes that the decoder is given are the prior's
    assert collapsed < 0.15 * of_prior and of_prior > 50


@pytest.mark.parametrize("control", ["Train", "Step", "New seed", "β", "Hidden units"])
def test_on_a_phone_the_numbers_are_seen_with_every_control(visit, control):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        found.page.set_viewport_size({"width": 390, "height": 844})
        lab = arrive(found.page, NAME)
        role = {"β": "slider", "Hidden units": "combobox"}.get(control, "button")
        touched = lab.get_by_role(role, name=control, exact=True)
        touched.evaluate("node => node.scrollIntoView({ block: 'center' })")
        for row in lab.locator(".lab-numbers p").all():
            assert in_view(found.page, row), row.inner_text()


@pytest.mark.parametrize("panel", [".lab-sheet", ".lab-map", ".lab-curves"])
def test_on_a_phone_the_numbers_stay_with_every_panel(visit, panel):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        found.page.set_viewport_size({"width": 390, "height": 844})
        lab = arrive(found.page, NAME)
        lab.locator(panel).first.evaluate("node => node.scrollIntoView({ block: 'center' })")
        for row in lab.locator(".lab-numbers p").all():
            assert in_view(found.page, row), row.inner_text()
        assert in_view(found.page, lab.locator(panel).first)


@pytest.mark.parametrize(
    ("seeds", "mirror", "alike"),
    [([1, 2], True, False), ([11, 12], False, False), ([61, 7970], False, True)],
)
def test_what_two_seeds_have_in_common(page, lab, seeds, mirror, alike):
    lab.get_by_label("the shape of the map, but neither its direction nor its side").check()
    page.evaluate(f"void ({LAB}.seeds.pair = () => {seeds})")
    lab.get_by_role("button", name="Train both").click()
    page.wait_for_function(f"{LAB}.seeds.found")
    pair = page.evaluate(f"{LAB}.seeds.found")
    assert pair["mirror"] == mirror
    assert (pair["same"] < 0.5 * pair["other"]) == alike
    assert pair["agreement"] > 0.9  # the shape, which the question is about, whatever the turn
    assert abs(pair["costs"][0] - pair["costs"][1]) < 2
    text = lab.locator(".widget-answer").inner_text()
    assert text.startswith("Right. ")
    assert f"{round(100 * pair['agreement'])}%" in text
    assert ("flipped top to bottom and turned by" in text) == mirror
    assert ("happen to lie alike" in text) == alike
    assert lab.locator(".lab-pair canvas").count() == 2
    assert lab.get_by_role("button", name="Another pair").is_visible()


def test_pairs_of_seeds_are_drawn(page):
    pairs = page.evaluate(f"Array.from({{ length: 200 }}, () => {LAB}.seeds.pair())")
    assert all(a != b and min(a, b) >= 1 and max(a, b) <= 9999 for a, b in pairs)
    assert len({tuple(pair) for pair in pairs}) > 150


@pytest.mark.parametrize(
    ("angle", "mirror", "words"),
    [
        (69, False, "turned by 69° anticlockwise"),
        (-69, True, "flipped top to bottom and turned by 69° clockwise"),
        (150, True, "flipped top to bottom and turned by 150° anticlockwise"),
    ],
)
def test_the_turn_between_two_maps_is_told_with_its_axis_and_its_way(page, angle, mirror, words):
    second = np.random.default_rng(0).normal(size=(60, 2)) @ [[2, 0.5], [0, 1]]
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    first = second * ([1, -1] if mirror else [1, 1]) @ np.array([[c, s], [-s, c]])  # (x, y) as rows
    found = page.evaluate(
        """async ([a, b]) => {
          const { compareMaps, turnWords } = await import('/_widgets/shared/two_seeds.mjs');
          const { angle, mirror } = compareMaps(a, b);
          return turnWords(angle, mirror);
        }""",
        [first.ravel().tolist(), second.ravel().tolist()],
    )
    assert found == words


def test_two_maps_are_compared_as_procrustes_does(page):
    rng = np.random.default_rng(0)
    a = rng.normal(size=(60, 2))
    turn = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]])
    b = 1.7 * a @ turn * [1, -1] + [3, 1] + 0.3 * rng.normal(size=(60, 2))
    found = page.evaluate(
        """async ([a, b]) => {
          const { compareMaps } = await import('/_widgets/shared/two_seeds.mjs');
          return compareMaps(a, b);
        }""",
        [a.ravel().tolist(), b.ravel().tolist()],
    )
    first, second = (each - each.mean(axis=0) for each in (a, b))
    singular = np.linalg.svd(first.T @ second, compute_uv=False)
    expected = singular.sum() ** 2 / (first**2).sum() / (second**2).sum()
    assert found["mirror"]
    assert found["agreement"] == pytest.approx(expected)
    apart = np.linalg.norm(a[:, None] - b, axis=-1)
    assert found["same"] == pytest.approx(np.trace(apart) / 60)
    assert found["other"] == pytest.approx((apart.sum() - np.trace(apart)) / (60 * 59))


def test_it_starts_only_on_demand_and_stands_still_where_nobody_looks(page, lab):
    page.wait_for_timeout(300)
    assert page.evaluate(f"{LAB}.report.step") == 0
    lab.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(f"{LAB}.report.step > 0")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function(f"!{LAB}.seen && !{LAB}.busy")
    before = page.evaluate(f"{LAB}.report.step")
    page.wait_for_timeout(400)
    assert page.evaluate(f"{LAB}.report.step") == before
    lab.scroll_into_view_if_needed()
    page.wait_for_function(f"{LAB}.report.step > {before}")


def test_keys_alone_train_step_and_begin_anew(page, lab):
    lab.get_by_role("button", name="Train", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Step
    page.wait_for_function(f"{LAB}.report.step === 1")
    page.wait_for_function(
        f"document.querySelector('[data-widget={NAME}] .widget-spoken').textContent"
    )
    assert "Step 1, epoch 0: D + R: " in lab.locator(".widget-spoken").inner_text()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")  # Train
    page.wait_for_function(f"{LAB}.report.step > 20")
    page.keyboard.press("Space")  # Pause
    page.wait_for_function(f"!{LAB}.running && !{LAB}.busy")
    page.wait_for_timeout(600)
    assert lab.locator(".widget-spoken").inner_text().startswith("Paused. Step ")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Reset
    page.wait_for_function(f"{LAB}.report.step === 0")
    lab.get_by_role("spinbutton", name="Seed").fill("77")
    page.keyboard.press("Tab")
    page.wait_for_function(f"{LAB}.settings.seed === 77")


def test_fingers_train_it(visit):
    with visit(PAGE, 390, has_touch=True, is_mobile=True) as found:
        lab = arrive(found.page, NAME)
        lab.get_by_role("button", name="Train", exact=True).tap()
        found.page.wait_for_function(f"{LAB}.report.step > 20")
        lab.get_by_role("button", name="Pause").tap()
        lab.get_by_role("button", name="Trouser").tap()
        assert found.page.evaluate(f"{LAB}.map.lit") == 1
        assert found.complaints == []


def test_train_right_after_step_trains(page, lab):
    lab.get_by_role("button", name="Step").evaluate(
        "step => { step.click(); step.previousElementSibling.click(); }"
    )
    page.wait_for_function(f"{LAB}.report.step > 40")
    lab.get_by_role("button", name="Pause").click()
    page.wait_for_function(f"!{LAB}.running && !{LAB}.busy")


def test_settings_in_a_hurry_leave_one_training(page, lab):
    lab.get_by_role("button", name="Train", exact=True).click()
    page.evaluate(
        f"""() => {{
          for (let n = 0; n < 30; n++) {{
            {LAB}.sow(n + 1);
            {LAB}.price(0.1 + n);
          }}
        }}"""
    )
    lab.get_by_role("combobox", name="Hidden units").select_option("128")
    lab.get_by_role("combobox", name="Hidden units").select_option("16")
    page.wait_for_function(f"{LAB}.report.step > 40")
    assert page.evaluate(f"{LAB}.settings.seed") == 30
    steps = page.evaluate(f"{LAB}.curves.points.map(({{ step }}) => step)")
    assert steps == sorted(set(steps))
    assert page.evaluate(f"{LAB}.limit") == 100


def test_without_a_worker_the_same_is_trained_on_the_page(visit):
    after = []
    for script in ("0", "delete window.Worker"):
        with visit("robots.txt") as found:
            found.page.add_init_script(script)
            found.page.goto(found.page.url.replace("robots.txt", PAGE))
            lab = arrive(found.page, NAME)
            for _ in range(3):
                before = found.page.evaluate(f"{LAB}.report.step")
                lab.get_by_role("button", name="Step").click()
                found.page.wait_for_function(f"{LAB}.report.step > {before}")
            assert found.page.evaluate(f"{LAB}.engine.worker !== null") == (script == "0")
            after.append(found.page.evaluate(f"{LAB}.report.test"))
    assert after[0] == after[1]


def test_a_worker_starts_where_the_modules_are_blobs(page):
    worked = page.evaluate(
        """async () => {
          const blobs = {};
          for (const name of ['elements', 'training', 'training_worker']) {
            let text = await (await fetch(`/_widgets/shared/${name}.mjs`)).text();
            for (const [known, url] of Object.entries(blobs))
              text = text.replaceAll(`"./${known}.mjs"`, `"${url}"`);
            blobs[name] = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
          }
          const { Engine } = await import(blobs.training_worker);
          const bytes = new Uint8Array(64 * 196).fill(100);
          const engine = await Engine.start({ train: bytes, test: bytes });
          const settings = { variational: true, hidden: 16, beta: 1, seed: 1 };
          await engine.ask('create', { slot: 'page', settings });
          const { step } = await engine.ask('steps', { slot: 'page', count: 3 });
          const worker = engine.worker !== null;
          engine.stop();
          return [worker, step];
        }"""
    )
    assert worked == [True, 3]


@pytest.mark.parametrize("kind", ["VAE", "plain autoencoder"])
def test_the_weights_can_be_kept_and_read_in_python(page, lab, content, tmp_path, kind):
    lab.get_by_label(kind, exact=True).check()
    codes = np.reshape(train(page, lab, 2)["codes"], (-1, 2))
    for name in ("weights.bin", "weights.json"):
        with page.expect_download() as download:
            lab.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    parts = weights.read(tmp_path / "weights.bin")
    found = parts["encoder"](content.images["test"] / 255)
    np.testing.assert_allclose(found[:, :2], codes, atol=0.02 * np.abs(codes).max())
    assert parts["encoder"].outputs == ((2, 2) if kind == "VAE" else (2,))
    for part in parts.values():
        given, answered = part.example
        np.testing.assert_allclose(part(given), answered, rtol=5e-3, atol=5e-3)


def test_half_precision_is_rounded_as_numpy_does(page):
    rng = np.random.default_rng(0)
    x = rng.normal(size=3000) * 10.0 ** rng.integers(-9, 5, 3000)
    edges = [0, -0.0, 2**-14, 2**-24, 2**-25, 3 * 2**-25, 65504, 65519, 1 + 2**-11, 1 + 3 * 2**-11]
    x = np.concatenate([x[np.abs(x) < 65519], edges, [np.nextafter(2**-14, 0), np.nextafter(2, 0)]])
    found = page.evaluate(
        """async x => {
          const { halfBits } = await import('/_widgets/shared/weights.mjs');
          return x.map(halfBits);
        }""",
        x.tolist(),
    )
    np.testing.assert_array_equal(np.array(found, "uint16"), x.astype("float16").view("uint16"))


@pytest.mark.parametrize("kind", ["VAE", "plain autoencoder"])
def test_the_program_in_keras_is_true(page, lab, fashion, tmp_path, kind):
    lab.get_by_label(kind, exact=True).check()
    report = train(page, lab, 4)
    lab.locator("summary").click()
    program = lab.locator(".lab-code code").inner_text()
    assert f"epochs={report['epoch']}" in program
    file = tmp_path / "lab.py"
    file.write_text(program)
    ruff = [sys.executable, "-m", "ruff", "format", "--diff", "--line-length", "100", file]
    assert subprocess.run(ruff, capture_output=True, text=True, check=False).returncode == 0
    arrays = tuple(
        (images[..., 0], labels)
        for images, labels in (fashion.arrays(s) for s in ("train", "test"))
    )
    import keras

    space = {"__name__": "lab"}
    with mock.patch.object(keras.datasets.fashion_mnist, "load_data", lambda: arrays):
        exec(compile(program, str(file), "exec"), space)
    expected = TrainingLab(data.profile()).images
    np.testing.assert_array_equal(np.rint(255 * space["x_train"]), expected["train"])
    np.testing.assert_array_equal(np.rint(255 * space["x_test"]), expected["test"])
    cost = space["model"].evaluate(space["x_test"], space["x_test"], verbose=0)
    assert cost == pytest.approx(sum(report["test"].values()), abs=5)


def test_the_program_says_that_beta_was_changed_and_how_long_was_trained(page, lab):
    program = lab.locator(".lab-code code")
    warning = "# β was changed during the training in the page\n        self.add_loss(0.1 * "
    lab.get_by_role("slider", name="β").focus()
    page.keyboard.press("Home")  # before the training
    assert "was changed" not in program.text_content()
    lab.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(f"{LAB}.report.epoch >= 1")
    lab.get_by_role("slider", name="β").focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert warning in program.text_content()
    page.wait_for_function(f"{LAB}.report.epoch >= 3")
    lab.get_by_text("The same model in Keras").click()
    assert epochs(program) >= 3  # also while it trains
    page.wait_for_function(f"{LAB}.report.epoch > {epochs(program)}")
    before = epochs(program)
    lab.get_by_role("button", name="Copy", exact=True).click()
    assert epochs(program) > before
    lab.get_by_role("button", name="Reset").click()
    page.wait_for_function(f"!{LAB}.code.textContent.includes('was changed')")


def epochs(program) -> int:
    """Return for how many epochs a program trains."""
    return int(re.search(r"epochs=(\d+)", program.text_content())[1])


def test_it_says_where_it_paused_by_itself(page, lab):
    lab.get_by_role("combobox", name="A picture every").select_option("epoch")
    lab.get_by_role("button", name="Train", exact=True).click()
    page.evaluate(f"{LAB}.report.epoch = 99")
    page.evaluate(f"{LAB}.limit = 2")
    page.wait_for_function(f"!{LAB}.running && !{LAB}.busy")
    words = f"paused at {page.evaluate(f'{LAB}.report.epoch')} epochs; Train goes on to 100"
    assert lab.get_by_text(words).is_visible()
    lab.get_by_role("button", name="Train", exact=True).click()
    assert lab.get_by_text(words).count() == 0
    assert page.evaluate(f"{LAB}.limit") == 100
    lab.get_by_role("button", name="Pause").click()


def test_the_words_are_those_of_the_model(page, lab):
    curves = lab.get_by_role("img", name="over the steps")
    for kind, prior, rate in (("VAE", 1, 1), ("plain autoencoder", 0, 0), ("VAE", 1, 1)):
        lab.get_by_label(kind, exact=True).check()
        train(page, lab, 1)
        page.wait_for_timeout(100)
        assert lab.get_by_text("standard deviations of the prior").count() == prior
        assert lab.get_by_text("a plain autoencoder has no prior").count() == 1 - prior
        assert curves.get_by_text("rate R, nats").count() == rate
        assert ("and rate" in curves.get_attribute("aria-label")) == bool(rate)
        lab.get_by_role("button", name="Reset").click()
        page.wait_for_function(f"{LAB}.report.step === 0")
    for words in ("Floor: the least D", "Mean image: what D costs without a code"):
        assert lab.get_by_text(words).is_visible()


@pytest.mark.parametrize("kind", ["VAE", "plain autoencoder"])
def test_a_link_carries_the_steps_and_they_are_trained_again_on_demand(visit, kind):
    with visit(PAGE) as found:
        lab = arrive(found.page, NAME)
        lab.get_by_label(kind, exact=True).check()
        lab.get_by_role("combobox", name="A picture every").select_option("16 steps")
        train(found.page, lab, 1)
        lab.get_by_role("button", name="Step").click()
        found.page.wait_for_function(f"{LAB}.report.step % 16 === 1 && !{LAB}.busy")
        first = found.page.evaluate(f"{LAB}.report.test")
        assert lab.get_by_text("whoever follows it can train the same model").is_visible()
        lab.get_by_role("button", name="Copy link").press("Enter")
        found.page.wait_for_function("location.hash.length > 1")
        link = found.page.evaluate("location.hash")
        step = found.page.evaluate(f"{LAB}.report.step")
    assert link.endswith(f"&steps={step}")
    assert ("beta=" in link) == (kind == "VAE")
    with visit(PAGE + link) as found:
        lab = arrive(found.page, NAME)
        assert found.page.evaluate(f"{LAB}.report.step") == 0  # nothing starts by itself
        assert found.page.evaluate(f"{LAB}.state.steps") == step  # it can be passed on
        assert lab.get_by_text(f"The link was made at step {step}.").is_visible()
        tall = lab.bounding_box()["height"]
        lab.get_by_role("button", name=f"Train to step {step}").click()
        lab.get_by_text(f"Paused at step {step}, where the link was made").wait_for()
        assert lab.bounding_box()["height"] == tall
        assert found.page.evaluate(f"{LAB}.report.step") == step
        assert found.page.evaluate(f"{LAB}.report.test") == first
        lab.get_by_role("button", name="Train", exact=True).click()
        found.page.wait_for_function(f"{LAB}.report.step > {step}")
        lab.get_by_role("button", name="Reset").click()
        found.page.wait_for_function(f"{LAB}.report.step < {step}")
        lab.get_by_role("button", name="Pause").click()
        assert found.complaints == []


def test_a_run_whose_beta_was_changed_has_no_steps_to_be_repeated(page, lab):
    train(page, lab, 1)
    assert page.evaluate(f"{LAB}.state.steps") > 0
    lab.get_by_role("slider", name="β").press("ArrowRight")
    assert "steps" not in page.evaluate(f"{LAB}.state")
    assert lab.get_by_text("β was changed during this training, so nobody could").is_visible()
    lab.get_by_role("button", name="Reset").click()
    lab.get_by_text("whoever follows it can train the same model").wait_for()
    page.evaluate(f"{LAB}.restore({{ steps: '40' }})")
    lab.get_by_role("slider", name="β").press("ArrowRight")  # no longer what the link says
    assert "steps" not in page.evaluate(f"{LAB}.state")


@pytest.mark.parametrize(
    "link", [{"model": "autoencoder", "beta": "4"}, {"steps": "0"}, {"steps": "1000000"}]
)
def test_a_link_to_what_cannot_be_trained_is_refused(page, link):
    state = page.evaluate(f"{LAB}.state")
    page.evaluate(f"link => {LAB}.restore(link)", link)
    assert page.evaluate(f"{LAB}.state") == state


@pytest.mark.parametrize("width", [1440, 1280, 640, 390])
def test_nothing_moves_while_it_trains_and_panels_are_level(visit, width):
    with visit(PAGE, width) as found:
        lab = arrive(found.page, NAME)
        numbers = lab.locator(".lab-numbers")
        found.page.wait_for_function(f"{LAB}.numbers.firstChild")
        heights = [lab.bounding_box()["height"]]
        columns = [numbers.evaluate("box => getComputedStyle(box).gridTemplateColumns")]
        train(found.page, lab, 1)
        found.page.evaluate(
            f"""() => {{
              const test = {{ D: 138.25, R: 12.36 }};
              Object.assign({LAB}.report, {{ step: 6300, epoch: 100, test }});
              {LAB}.rate = 1234;
              {LAB}.draw();
            }}"""
        )
        heights.append(lab.bounding_box()["height"])
        columns.append(numbers.evaluate("box => getComputedStyle(box).gridTemplateColumns"))
        assert heights[0] == heights[1]
        assert columns[0] == columns[1]
        assert numbers.evaluate("box => box.scrollWidth <= box.clientWidth")
        shown = [
            each.bounding_box()["y"] for each in lab.locator(".lab > div > :nth-child(2)").all()
        ]
        assert len(set(shown)) == (3 if width == 390 else 1)


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 44)])
def test_targets_are_large_enough_on_a_wide_page(visit, touch, least):
    with visit(PAGE, 1024, has_touch=touch, is_mobile=touch) as found:
        lab = arrive(found.page, NAME)
        lab.locator("summary").click()
        labels = ":is(.widget-controls, .widget-choices) label"
        where = f".widget-live :is(button, select, summary, input[type=number], {labels})"
        for target in lab.locator(where).all():
            assert target.bounding_box()["height"] >= least, target.inner_text()


@pytest.mark.parametrize(("slower", "least"), [(1, 100), (4, 20)])
def test_it_is_fast_enough_to_watch(page, content, slower, least):
    page.evaluate(
        f"""async ([settings, x]) => {{
          {ENGINE}
          window.trainer = new Trainer(Float64Array.from(x), settings);
          for (let n = 0; n < 20; n++) trainer.train();
        }}""",
        [VAE, (content.images["train"] / 255).ravel().tolist()],
    )
    twenty = "() => { for (let n = 0; n < 20; n++) trainer.train(); }"
    assert 20_000 / median_time(page, twenty, slower) > least


def test_two_labs_on_one_page_do_not_disturb_each_other(page):
    steps = page.evaluate(
        """async () => {
          const { default: widget } = await import('/_widgets/training_lab.mjs');
          const model = { get: key => key === 'files' ? '/_widgets/' : {} };
          const boxes = [0, 1].map(() => document.body.appendChild(document.createElement('div')));
          const stops = await Promise.all(boxes.map(el => widget.render({ model, el })));
          await boxes[0].widget.step();
          const found = boxes.map(({ widget }) => widget.report.step);
          const names = boxes.map(el => el.querySelector('input[type=radio]').name);
          for (const stop of stops) stop();
          return [found, names[0] !== names[1]];
        }"""
    )
    assert steps == [[1, 0], True]


def as_hex(written: str) -> str:
    """Return a colour of CSS, rgb(…), as #rrggbb."""
    return "#" + "".join(f"{int(each):02x}" for each in re.findall(r"\d+", written)[:3])


def test_the_classes_are_seen_on_their_ground_in_both_looks(page, lab):
    themes = page.evaluate(
        """async () => {
          const { COLOURS, GROUND, OPACITY } = await import('/_widgets/shared/markers.mjs');
          return Object.keys(COLOURS).map(theme => [theme, COLOURS[theme], GROUND[theme], OPACITY]);
        }"""
    )
    with mpl.rc_context(), mpl.style.context("latents.book"):
        of_the_book = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    for theme, colours, ground, opacity in themes:
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        legend = lab.locator(".lab-legend path").evaluate_all(
            "paths => paths.map(path => path.getAttribute('fill'))"
        )
        assert legend == colours
        surface = as_hex(lab.evaluate("widget => getComputedStyle(widget).backgroundColor"))
        behind = np.array(to_rgb(ground))
        for colour, other in zip(colours, of_the_book, strict=True):
            dot = opacity * np.array(to_rgb(colour)) + (1 - opacity) * behind
            for seen, under in ((colour, surface), (dot, ground)):
                darker, lighter = sorted((contrasts(seen)[1], contrasts(under)[1]))
                assert lighter / darker >= 3, (theme, colour)
            hues = [rgb_to_hsv(to_rgb(each))[0] for each in (colour, other)]
            assert abs((hues[0] - hues[1] + 0.5) % 1 - 0.5) < 0.05, (theme, colour)
        assert min(nearest(colours, seen) for seen in SEEN.values()) > 15  # as `test_plots` has it
