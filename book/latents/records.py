"""Run records: what a chapter measured when it ran, and the numbers that its prose quotes."""

import json
import math
import os
import sysconfig
import time
from datetime import UTC, datetime
from pathlib import Path

from latents import LatentsError, data, weights
from latents.machine import hardware, versions

METRICS = {
    "conv_autoencoder": (
        "test_bce",
        "test_psnr_db",
        "test_ssim",
        "published_test_bce",
        "published_test_psnr_db",
        "published_test_ssim",
    ),
    "vae": (
        "test_distortion_nats",
        "test_rate_nats",
        "test_neg_elbo_nats",
        "published_test_distortion_nats",
        "published_test_rate_nats",
        "published_test_neg_elbo_nats",
    ),
    "tfp_vae": (
        "test_distortion_nats",
        "test_rate_nats",
        "test_neg_elbo_nats",
        "test_iwae_nats",
        "published_test_distortion_nats",
        "published_test_rate_nats",
        "published_test_neg_elbo_nats",
    ),
    "latent_spaces": ("test_pca_mse", "test_linear_autoencoder_mse", "test_autoencoder_mse"),
    "kl_divergence": ("monte_carlo_slope",),
    "elbo": ("ppca_diagonal_gap", "iwae_gap_1", "iwae_gap_100"),
    "rate_distortion": (
        "test_distortion_nats",
        "test_rate_nats",
        "test_neg_elbo_nats",
        "test_iwae_nats",
    ),
    "regular_spaces": ("autoencoder_lost", "vae_lost", "prior_lost", "vae_mse"),
    "usual_recipes": ("tfp_kl_ratio", "mean_kl_beta", "inverted_agreement", "grid_error"),
    "structured_codes": (
        "plain_neg_elbo_nats",
        "conditional_neg_elbo_nats",
        "score_before",
        "score_after",
        "mixture_gain_nats",
    ),
    "deeper_codes": (
        "vae_neg_elbo_nats",
        "vq_neg_bound_nats",
        "two_level_neg_elbo_nats",
        "diffusion_gain_nats",
    ),
}
KEYS = {
    "experiment",
    "profile",
    "data",
    "hardware",
    "versions",
    "seed",
    "epochs",
    "seconds",
    "parameters",
    "history",
    "runs",
    "metrics",
}
INSTALLED = "share/latents/records"  # below the prefix of an environment; see pyproject.toml
unsaved: dict[str, tuple[dict, dict]] = {}  # chapter to record and models, where none are kept
_began = time.perf_counter()


def folder() -> Path:
    """Where run records live: ``LATENTS_RECORDS``, else ``book/records`` beside this package.

    Where the package is installed from a wheel, they are those that came with it.
    """
    if chosen := os.environ.get("LATENTS_RECORDS"):
        return Path(chosen)
    beside = Path(__file__).resolve().parent.parent / "records"
    return beside if beside.is_dir() else Path(sysconfig.get_path("data")) / INSTALLED


def path(experiment: str, profile: str) -> Path:
    """Return the file of one run record: ``FOLDER/PROFILE/EXPERIMENT.json``."""
    return folder() / profile / f"{experiment}.json"


def read(experiment: str, profile: str) -> dict | None:
    """Return a stored run record, or None when this experiment has not run in this profile."""
    file = path(experiment, profile)
    if not file.is_file():
        return None
    try:
        record = json.loads(file.read_text())
        if missing := KEYS - record.keys():
            raise ValueError(f"without {missing}")
    except (ValueError, AttributeError) as error:
        raise LatentsError(f"{file} is not a run record: delete it and build again.") from error
    return record


def complete(experiment: str, profile: str) -> bool:
    """Whether a run record is there, and with it every file of weights that it names."""
    record = read(experiment, profile)
    if record is None:
        return False
    files = path(experiment, profile).parent / weights.FOLDER
    return weights.intact(files, record.get("weights", {}))


def bench(name: str) -> dict:
    """Return a record of ``make bench``: ``FOLDER/bench/NAME.json``."""
    file = path(name, "bench")
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise LatentsError(f"{file} is no record: make it with `make bench`.") from error


def machines() -> dict[str, dict]:
    """Return the records of ``make bench BENCH=machine``, each under the name of its file."""
    files = sorted((folder() / "bench" / "machines").glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def write(
    experiment: str,
    *,
    dataset,
    seed: int,
    metrics: dict,
    claims: dict | None = None,
    parameters: int = 0,
    runs: dict | None = None,
    main: str | None = None,
    models: dict | None = None,
) -> dict:
    """Write the record of the chapter that ends here, and return it.

    Files are written only where ``LATENTS_RECORDS`` names a folder; the build of the book does.

    Parameters
    ----------
    experiment : str
        Name of the chapter, a key of ``METRICS``.
    dataset : latents.data.Dataset
    seed : int
    metrics : dict
        Figures over the whole test split; those in ``METRICS[experiment]`` must be there.
    claims : dict of str to bool, optional
        What the chapter says of its results, each sentence with whether it holds here. A claim
        that does not hold stops the build, so that no page says what it does not show; in a
        notebook it is printed, since readers may change what they like.
    parameters : int
        Number of trained weights of the chapter's model.
    runs : dict of str to latents.training.Run, optional
        Every training of the chapter; none in a chapter that only computes.
    main : str, optional
        The run whose epochs and history stand at the top of the record.
    models : dict, optional
        Trained networks for the site, as `latents.weights.write` takes them. They are written
        where the record is, into the folder ``weights``, and the record has their SHA-256.

    Returns
    -------
    dict
        ``experiment, profile, data, finished, hardware, versions, seed, epochs, seconds (of all
        training; of the whole chapter where nothing is trained), chapter_seconds, parameters,
        history, runs, metrics, claims``, and ``weights`` where models were written.

    Raises
    ------
    LatentsError
        A metric that the record promises is missing or is not a finite number; in the build, a
        claim is false; or a model cannot be written.
    """
    if experiment not in METRICS:
        raise LatentsError(f"METRICS in latents/records.py lists no metrics of {experiment!r}.")
    metrics = dict.fromkeys(METRICS[experiment], float("nan")) | metrics
    metrics = {name: float(value) for name, value in metrics.items()}
    bad = [name for name, value in metrics.items() if not math.isfinite(value)]
    if bad:
        raise LatentsError(f"The record of {experiment} lacks a finite {', '.join(bad)}.")
    claims = claims or {}
    if wrong := "; ".join(claim for claim, holds in claims.items() if not holds):
        if in_book():
            raise LatentsError(
                f"{experiment} claims what this run does not show: {wrong}. Either the text is "
                "wrong, or the run is too short for it."
            )
        print(f"Unlike the run that the text describes, this one does not show: {wrong}.")
    sizes = {split: dataset.size(split) for split in ("train", "test")}
    runs, whole = runs or {}, time.perf_counter() - _began
    record = {
        "experiment": experiment,
        "profile": data.profile(),
        "data": {"name": dataset.title, **sizes},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": hardware(),
        "versions": versions(),
        "seed": seed,
        "epochs": len(runs[main].epochs) if main else 0,
        "seconds": sum(run.seconds for run in runs.values()) if runs else whole,
        "chapter_seconds": whole,
        "parameters": int(parameters),
        "history": runs[main].history if main else {},
        "runs": {
            name: {"epochs": len(run.epochs), "seconds": run.seconds, "history": run.history}
            for name, run in runs.items()
        },
        "metrics": metrics,
        "claims": [claim for claim, holds in claims.items() if holds],
    }
    _keep(record, models or {})
    return record


def _keep(record: dict, models: dict) -> None:
    if not os.environ.get("LATENTS_RECORDS"):
        print("The run record is not kept: LATENTS_RECORDS names no folder for it.")
        unsaved[record["experiment"]] = record, models
        return
    file = path(record["experiment"], record["profile"])
    record["weights"] = weights.write(file.parent / weights.FOLDER, models) if models else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(".part")
    scratch.write_text(json.dumps(record, indent=1) + "\n")
    scratch.replace(file)


def time_and_place(record: dict) -> str:
    """Return how long a recorded run took, and on what, in words."""
    activity = "training" if record["runs"] else "computing"
    return f"{minutes(record['seconds'])} of {activity} on {place(record)}"


def quote_time(record: dict) -> None:
    """Make ``run_time`` and ``run_place`` available to the frame of a chapter."""
    quote(run_time=minutes(record["seconds"]), run_place=place(record))


def place(record: dict) -> str:
    """Return what a recorded run ran on, in words."""
    hardware = record["hardware"]
    return ", ".join(hardware["gpus"]) or f"{hardware['cores']} CPU cores, no GPU"


def minutes(seconds: float) -> str:
    """Write a duration as a reader would: ``45 s``, ``12 min``, ``1 h 50 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    whole = round(seconds / 60)
    return f"{whole} min" if whole < 90 else f"{whole // 60} h {whole % 60} min"


def quote(**values) -> None:
    """Make numbers available to the prose.

    While the book is built each value is glued under its name (MyST-NB pastes it into a sentence);
    in a notebook the values are printed.
    """
    values = {name: getattr(value, "item", lambda v=value: v)() for name, value in values.items()}
    if in_book():
        from myst_nb import glue

        for name, value in values.items():
            glue(name, value, display=False)
    else:
        for name, value in values.items():
            print(f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}")


def in_book() -> bool:
    """Return True while the book is being built (it sets ``LATENTS_BOOK``)."""
    return bool(os.environ.get("LATENTS_BOOK"))
