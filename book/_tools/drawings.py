"""Draw the schematic figures of the book into book/_static/drawings.

Run this file to draw all of them anew. Densities, logarithms and bars are computed, not sketched.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, Ellipse

from drawing_chapters import chapters
from drawing_garments import garments
from drawing_models import LinearVAE, TwoLevels, bars, normal
from drawing_parts import DASHES, FORMULAS, STYLE, Sheet, for_letters, png, svg
from latents.plots import INK

FOLDER = Path(__file__).resolve().parents[1] / "_static" / "drawings"
ENCODER, DECODER, NOISE, GRADIENT = "C0", "C1", "C2", "C3"
GAP = r"\mathrm{KL}(q_\phi(z|x)\,\Vert\,p_\theta(z|x))"


def autoencoder() -> Sheet:
    """Draw the way from an image to a code of ten numbers, and back."""
    sheet, model, y = Sheet(108), LinearVAE(beta=0, d=10), 70
    sheet.picture(41, y, 70, model.image)
    sheet.picture(319, y, 70, model.decode(model.mean))
    sheet.trapezoid(100, 148, y, 70, 42, ENCODER, name="encoder")
    sheet.trapezoid(212, 260, y, 42, 70, DECODER, name="decoder")
    for start, end in ((80, 97), (151, 165), (195, 209), (263, 280)):
        sheet.arrow((start, y), (end, y))
    code, most = sheet.panel(168, y - 32, 24, 64), 1.15 * abs(model.mean).max()
    code.barh(range(10), model.mean, height=0.6, color=INK)
    code.axvline(0, color=INK, linewidth=0.8)
    code.set(xticks=[], yticks=[], xlim=(-most, most), ylim=(9.7, -0.7))
    names = {41: "image $x$", 180: "code $z$", 319: "reconstruction $y$"}
    for x, name in names.items():
        sheet.write(x, 19, name, va="baseline")
        size = "10 latents" if x == 180 else "784 pixels"
        sheet.write(x, 5, size, va="baseline")
    return sheet


def vae() -> Sheet:
    """Draw an autoencoder whose code and image are distributions."""
    sheet, model, y = Sheet(196), LinearVAE(beta=10), 107
    z = model.mean.copy()
    z[:2], place = plane_of_codes(sheet, model, y)
    sheet.picture(24, y, 44, model.image)
    sheet.picture(336, y, 44, model.decode(z))
    sheet.trapezoid(62, 105, y, 56, 34, ENCODER, name="encoder")
    sheet.trapezoid(253, 296, y, 34, 56, DECODER, name="decoder")
    sheet.arrow((48, y), (59, y))
    sheet.arrow((108, y), (128, y), ENCODER)
    sheet.arrow((299, y), (311, y))
    sheet.arrow(place, (250, y))
    sheet.arrow((168, y + 86), (168, y + 51), NOISE)
    sheet.formula(24, y + 31, "x")
    sheet.formula(118, y + 9, r"\mu, \sigma", ENCODER)
    sheet.formula(163, y + 78, r"\varepsilon \sim \mathcal{N}(0, I)", NOISE, ha="right")
    sheet.formula(174, y + 78, r"z = \mu + \sigma \odot \varepsilon", ha="left")
    sheet.formula(244, y + 13, "z")
    sheet.formula(336, y + 32, r"p_\theta(x|z)", DECODER)
    sheet.formula(180, y - 61, r"R = \mathrm{KL}(q_\phi(z|x)\,\Vert\,p(z))", ENCODER)
    sheet.span(24, 336, y - 84, r"$D = -\mathbb{E}_q[\log p_\theta(x|z)]$", DECODER)
    return sheet


def plane_of_codes(sheet, model, y):
    """Draw prior and encoder in the plane of two latents; return a sample and its place."""
    plane, side = sheet.panel(131, y - 49, 98, 98), 4.8
    plane.set(xlim=(-side / 2, side / 2), ylim=(-side / 2, side / 2), xticks=[], yticks=[])
    plane.add_patch(Circle((0, 0), 2, fill=False, edgecolor=INK))
    mean, sigma = model.mean[:2], np.sqrt(model.variance[:2])
    samples = mean + sigma * np.random.default_rng(1659).normal(size=(40, 2))
    plane.plot(*samples.T, ".", color=ENCODER, markersize=2.5)
    plane.add_patch(Ellipse(mean, *(4 * sigma), fill=False, edgecolor=ENCODER, linewidth=1.4))
    sheet.formula(180, y - 31, "p(z)")
    sheet.formula(165, y - 2, r"q_\phi(z|x)", ENCODER)
    z = samples[samples[:, 0].argmax()]
    plane.plot(*z, "o", color=INK)
    return z, (180, y) + z * 98 / side


def graphical_model() -> Sheet:
    """Draw generation with solid arrows, and inference with dashed ones."""
    sheet, x, low, high = Sheet(160), 180, 42, 116
    sheet.box(85, 275, 80, 152)
    sheet.formula(264, 14, "N")
    sheet.node(x, high, "z")
    sheet.node(x, low, "x", seen=True)
    sheet.arrow((x + 12, high - 12), (x + 12, low + 12), DECODER, bend=(x + 28, 79))
    sheet.arrow((x - 12, low + 12), (x - 12, high - 12), ENCODER, bend=(x - 28, 79), dashed=True)
    sheet.formula(x + 28, 79, r"p_\theta(x|z)", DECODER, ha="left")
    sheet.formula(x - 28, 79, r"q_\phi(z|x)", ENCODER, ha="right")
    sheet.formula(x, high + 25, "p(z)", DECODER)
    sheet.arrow((304, low), (x + 16, low), DECODER)
    sheet.formula(312, low, r"\theta", DECODER)
    sheet.arrow((56, high), (x - 16, high), ENCODER, dashed=True)
    sheet.formula(47, high, r"\phi", ENCODER)
    return sheet


def reparameterization() -> Sheet:
    """Draw where the randomness sits, and where gradients pass."""
    sheet, drawn, computed = Sheet(244), 190, 38
    sheet.write(4, 236, "$z$ is drawn: the gradient stops at the draw", ha="left")
    chain_of_nodes(sheet, drawn, NOISE, gradient_to=206)
    bell(sheet, 123, drawn - 8)
    sheet.formula(155, drawn - 20, r"\mathcal{N}(\mu, \sigma^2)", NOISE)
    sheet.line((202, drawn - 20), (202, drawn), GRADIENT, width=5)
    sheet.write(72, drawn, "no gradient", GRADIENT)
    sheet.write(4, 135, r"$\varepsilon$ is drawn, $z$ is computed: the gradient passes", ha="left")
    chain_of_nodes(sheet, computed, INK, gradient_to=197)
    sheet.formula(155, computed, r"\mu + \sigma \odot \varepsilon")
    sheet.node(155, 99, r"\varepsilon", NOISE)
    sheet.arrow((155, 85), (155, 72), NOISE)
    bell(sheet, 175, 88)
    sheet.formula(245, 97, r"\mathcal{N}(0, I)", NOISE, ha="left")
    for sign in (1, -1):
        sheet.arrow((113, computed + 12 * sign), (34, computed + 12 * sign), GRADIENT, dashed=True)
    sheet.formula(73, computed, r"\partial f/\partial\mu,\ \partial f/\partial\sigma", GRADIENT)
    return sheet


def chain_of_nodes(sheet, y, colour, gradient_to):
    """Draw μ and σ, a box in this colour, z and f, and the gradient that comes back from f."""
    for sign, symbol in ((1, r"\mu"), (-1, r"\sigma")):
        sheet.node(20, y + 17 * sign, symbol)
        sheet.arrow((34, y + 22 * sign), (113, y + 22 * sign))
    sheet.box(115, 195, y, 64, colour)
    for start, stop, end, symbol in ((197, gradient_to, 254, "z"), (268, 268, 336, "f")):
        sheet.arrow((start, y + 5), (end - 14, y + 5))
        sheet.arrow((end - 14, y - 5), (stop, y - 5), GRADIENT, dashed=True)
        sheet.node(end, y, symbol)
    sheet.formula(296, y - 15, r"\partial f/\partial z", GRADIENT)


def bell(sheet, x, y):
    """Draw the density of the standard normal distribution."""
    z = np.linspace(-3, 3, 121)
    axis = sheet.panel(x, y, 64, 34)
    axis.plot(z, normal(z, 0, 1), color=NOISE)
    axis.fill_between(z, normal(z, 0, 1), color=NOISE, alpha=0.2, linewidth=0)
    axis.set(xlim=(-3, 3), ylim=(0, 0.42))
    axis.set_axis_off()


def jensen() -> Sheet:
    """Draw the logarithm of a mean above the mean of the logarithms."""
    sheet, w = Sheet(212), np.array((0.15, 0.55, 1.0, 4.6))
    mean, low, high = w.mean(), np.log(w).mean(), np.log(w.mean())
    axis, curve = sheet.panel(74, 22, 282, 188), np.geomspace(0.11, 5.05, 200)
    axis.set(xlim=(0, 5.1), ylim=(-2.3, 1.8))
    axis.fill(w, np.log(w), color=ENCODER, alpha=0.15, linewidth=0)
    axis.plot(w[[0, 1, 2, 3, 0]], np.log(w[[0, 1, 2, 3, 0]]), color=ENCODER, linewidth=0.8)
    axis.plot(curve, np.log(curve), color=INK)
    axis.plot(w, np.log(w), "o", color=ENCODER)
    axis.plot([0, mean], [low, low], ":", [0, mean], [high, high], ":", color=INK, linewidth=1)
    axis.plot([mean, mean], [-2.3, low], ":", color=INK, linewidth=1)
    axis.plot([mean, mean], [low, high], "o-", color=GRADIENT, linewidth=3)
    axis.plot([mean + 0.1, 2.8], [(low + high) / 2, -0.7], color=GRADIENT, linewidth=0.8)
    axis.text(2.85, -0.75, f"the gap,\n${GAP}$", color=for_letters(GRADIENT), va="top")
    axis.text(5, 1.2, r"$\log w$", color=INK, ha="right", va="top", fontsize=FORMULAS)
    axis.set_xticks([*w, mean], ["$w_1$", "$w_2$", "$w_3$", "$w_4$", r"$\mathbb{E}_q[w]$"])
    evidence = "$\\log\\,\\mathbb{E}_q[w]$\n$= \\log p_\\theta(x)$"
    axis.set_yticks([low, high], ["$\\mathbb{E}_q[\\log w]$\n= ELBO", evidence])
    axis.tick_params(length=0, pad=5)
    axis.spines[["top", "right"]].set_visible(False)
    return sheet


def elbo_bars() -> Sheet:
    """Draw the evidence of an image as ELBO plus KL, for several encoders."""
    sheet = Sheet(228)
    axis = sheet.panel(26, 4, 334, 192)
    axis.set(xlim=(-0.4, 4.9), ylim=(-4.3, 0), xticks=[], yticks=range(-4, 1))
    axis.spines[["bottom", "right"]].set_visible(False)
    middle = {"ha": "center", "va": "center"}
    for x, (name, evidence, elbo) in zip((0, 1, 2, 3, 4.2), bars(), strict=True):
        axis.bar(x, evidence, width=0.5, fill=False, edgecolor=INK, linewidth=1.4)
        axis.bar(x, elbo - evidence, bottom=evidence, width=0.5, color=GRADIENT)
        axis.plot([x - 0.25, x + 0.25], [elbo, elbo], color=ENCODER, linewidth=3)
        gap, red, blue = evidence - elbo, for_letters(GRADIENT), for_letters(ENCODER)
        axis.text(x, evidence / 2, nats(evidence), **middle)
        axis.text(x + 0.31, (elbo + evidence) / 2, nats(gap), color=red, va="center")
        axis.text(x, elbo - 0.1, nats(elbo), color=blue, ha="center", va="top")
        axis.text(x, 0.1, name, ha="center", va="bottom")
    sheet.write(12, 208, "nats")
    sheet.box(44, 58, 58, 10)
    sheet.line((44, 40), (58, 40), GRADIENT, width=10)
    sheet.line((44, 22), (58, 22), ENCODER, width=3)
    sheet.formula(66, 58, r"\log p_\theta(x)", ha="left")
    sheet.formula(66, 40, GAP, GRADIENT, ha="left")
    sheet.formula(66, 22, r"\mathrm{ELBO}", ENCODER, ha="left")
    return sheet


def nats(value: float) -> str:
    """Write a number with two digits and a true minus."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def channel() -> Sheet:
    """Draw how much of an image passes through a bottleneck, at two prices."""
    sheet = Sheet(258)
    for beta, y in ((1, 188), (20, 58)):
        model = LinearVAE(beta)
        wide = 1.4 * model.rate()
        sheet.picture(36, y, 60, model.image)
        sheet.picture(324, y, 60, model.decode(model.mean))
        sheet.arrow((70, y), (82, y))
        sheet.arrow((278, y), (290, y))
        sheet.trapezoid(85, 130, y, 56, wide, ENCODER)
        sheet.box(130, 230, y, wide)
        sheet.trapezoid(230, 275, y, wide, 56, DECODER)
        sheet.write(180, y + 54, rf"price of a nat of rate: $\beta = {beta}$")
        sheet.write(108, y + 37, "encoder", ENCODER)
        sheet.write(252, y + 37, "decoder", DECODER)
        sheet.write(180, y + wide / 2 + 9, f"$R$ = {model.rate():.1f} nats", ENCODER)
        sheet.span(36, 324, y - 41, f"$D$ = {model.distortion():.1f} nats", DECODER)
    return sheet


def two_levels() -> Sheet:
    """Draw a code above the code, each with its rate."""
    sheet, model, x, image, lower, upper = Sheet(246), TwoLevels(), 58, 24, 108, 192
    sheet.node(x, upper, "z_2")
    sheet.node(x, lower, "z_1")
    sheet.node(x, image, "x", seen=True)
    sheet.arrow((x, upper - 15), (x, lower + 15), DECODER)
    sheet.arrow((x, lower - 15), (x, image + 15), DECODER)
    for start, step in ((image, 1), (upper, -1)):
        ends = (x + 12, start + 11 * step), (x + 12, lower - 11 * step)
        sheet.arrow(*ends, ENCODER, bend=(x + 32, (start + lower) / 2), dashed=True)
    sheet.arrow((x - 13, image + 9), (x - 13, upper - 9), ENCODER, bend=(x - 60, 108), dashed=True)
    (rate_1, rate_2), z_2 = model.rates(), model.top[0]
    z_1 = model.posterior(z_2)[0]
    conditional = r"\mathrm{KL}(q_\phi(z_1|z_2,x)\,\Vert\,p_\theta(z_1|z_2))"
    level(sheet, upper, r"R_2 = \mathrm{KL}(q_\phi(z_2|x)\,\Vert\,p(z_2))", rate_2)
    level(sheet, lower, rf"R_1 = \mathbb{{E}}_q[{conditional}]", rate_1)
    level(sheet, image, r"D = -\mathbb{E}_q[\log p_\theta(x|z_1)]", model.distortion())
    densities(sheet, upper, (0, 1), model.top)
    densities(sheet, lower, model.prior(z_2), model.posterior(z_2))
    axis = densities(sheet, image, (z_1, model.s2))
    height = normal(model.x, z_1, model.s2)
    axis.plot([model.x, model.x], [0, height], "-o", color=INK, markevery=[1])
    axis.text(model.x + 0.12, height, "$x$", color=INK, fontsize=FORMULAS)
    return sheet


def level(sheet, y, formula, value):
    """Write what is paid at a level."""
    sheet.formula(120, y + 34, formula, ha="left")
    sheet.write(120, y + 18, f"{nats(value)} nats", ha="left")


def densities(sheet, y, decoder, encoder=None):
    """Draw two Gaussians, each given by its mean and variance; the encoder's is dashed."""
    grid, axis = np.linspace(-2.6, 3.4, 241), sheet.panel(120, y - 18, 236, 42)
    axis.plot(grid, normal(grid, *decoder), color=DECODER)
    if encoder:
        axis.plot(grid, normal(grid, *encoder), color=ENCODER, linestyle=DASHES)
    axis.set(xlim=(-2.6, 3.4), ylim=(0, 1.1), xticks=[], yticks=[])
    axis.spines[["top", "left", "right"]].set_visible(False)
    return axis


DRAWINGS = {
    "chapters": chapters,
    "garments": garments,
    "autoencoder": autoencoder,
    "vae": vae,
    "graphical-model": graphical_model,
    "reparameterization": reparameterization,
    "jensen": jensen,
    "elbo-bars": elbo_bars,
    "channel": channel,
    "two-levels": two_levels,
}


def draw(name: str) -> tuple[str, bytes]:
    """Return a drawing as SVG for the site, and as PNG for the notebooks."""
    with plt.style.context(STYLE):
        sheet = DRAWINGS[name]()
        files = svg(sheet.figure), png(sheet.figure)
        plt.close(sheet.figure)
    return files


if __name__ == "__main__":
    for name in DRAWINGS:
        text, picture = draw(name)
        (FOLDER / f"{name}.svg").write_text(text, encoding="utf-8", newline="\n")
        (FOLDER / f"{name}.png").write_bytes(picture)
