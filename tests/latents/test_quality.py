"""PSNR and SSIM of pairs whose answer is known."""

import warnings

import numpy as np
import pytest

from latents import quality


def pictures(seed, n=3, side=32):
    return np.random.default_rng(seed).random((n, side, side, 3)).astype("float32") * 0.5


def test_a_constant_error_of_a_tenth_is_twenty_decibels():
    x = pictures(1).astype("float64")
    assert quality.psnr_db(x, x + 0.1) == pytest.approx([20, 20, 20])


def test_psnr_is_taken_for_each_pair_alone():
    x = np.zeros((2, 2, 2, 1))
    y = x.copy()
    y[0, 0, 0, 0] = 1.0  # mean squared error 1/4: 10 log10 4 = 6.0206
    y[1] = 0.01
    assert quality.psnr_db(x, y) == pytest.approx([6.0206, 40], abs=1e-4)


def test_psnr_of_equal_pictures_is_infinite_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isposinf(quality.psnr_db(pictures(2), pictures(2))).all()


def test_psnr_of_8_bit_brightness_is_not_lost_in_float32():
    x = np.full((1, 300, 300, 3), 0.5, np.float32)
    y = x + np.float32(1e-4)
    error = float(y[0, 0, 0, 0]) - 0.5
    assert quality.psnr_db(x, y)[0] == pytest.approx(-20 * np.log10(error), rel=1e-9)


def test_ssim_of_equal_pictures_is_one():
    assert quality.ssim(pictures(3), pictures(3)) == pytest.approx([1, 1, 1], abs=1e-6)


def test_ssim_is_symmetric():
    x, y = pictures(4), pictures(5)
    assert quality.ssim(x, y) == pytest.approx(quality.ssim(y, x), abs=1e-6)


def test_ssim_falls_as_noise_grows():
    x = np.tile(np.linspace(0, 1, 32, dtype="float32")[:, None, None], (2, 1, 32, 3))
    noise = np.random.default_rng(6).normal(size=x.shape)
    scores = np.stack([quality.ssim(x, x + level * noise) for level in (0, 0.05, 0.2, 0.8)])
    assert scores.shape == (4, 2)
    assert (np.diff(scores, axis=0) < -0.02).all()


def test_ssim_takes_brightness_up_to_one():
    x = pictures(7)
    c1 = 0.01**2  # of Wang et al. for a range of 1: two flat pictures differ in luminance only
    flat_x, flat_y = np.full_like(x, 0.2), np.full_like(x, 0.4)
    luminance = (2 * 0.2 * 0.4 + c1) / (0.2**2 + 0.4**2 + c1)
    assert quality.ssim(flat_x, flat_y) == pytest.approx(np.full(3, luminance), abs=1e-4)
