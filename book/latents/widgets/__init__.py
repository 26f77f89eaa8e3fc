"""The interactive parts of the book: what each loads and shows, for the site and for notebooks.

The parts themselves are ES modules, ``book/widgets/NAME.mjs``. A class here, made with a profile,
knows their numbers: ``write(folder)`` writes the files that the module loads, and ``still()``
draws the picture and the table that stand in its place on paper and without scripts. A class with
a ``start`` loads much: the page waits until the reader presses a button with these words.
"""

from latents import LatentsError, data
from latents.widgets.beta_lever import BetaLever
from latents.widgets.bound_toy import BoundToy
from latents.widgets.encoder_desk import EncoderDesk
from latents.widgets.kl_toy import KlToy
from latents.widgets.latent_sliders import LatentSliders
from latents.widgets.tfp_codes import TfpCodes
from latents.widgets.training_lab import TrainingLab
from latents.widgets.two_maps import TwoMaps

WIDGETS = {
    "two_maps": TwoMaps,
    "beta_lever": BetaLever,
    "encoder_desk": EncoderDesk,
    "latent_sliders": LatentSliders,
    "kl_toy": KlToy,
    "bound_toy": BoundToy,
    "tfp_codes": TfpCodes,
    "training_lab": TrainingLab,
}


def show(name: str):
    """Return an interactive part for the last line of a cell; Jupyter shows it.

    It shows the networks that this notebook has trained, or else those of the last build of the
    book on this machine.

    Raises
    ------
    LatentsError
        There is no such part, or the chapter whose networks it shows has not run.
    """
    from latents.widgets.notebook import Part  # the build of the book does without Jupyter's part

    if name not in WIDGETS:
        raise LatentsError(f"There is no part {name!r}; there are: {', '.join(WIDGETS)}.")
    return Part(name, WIDGETS[name](data.profile()))
