"""The interactive parts of the book: what each loads and shows, for the site and for notebooks.

The parts themselves are ES modules, ``book/widgets/NAME.mjs``. A class here, made with a profile,
knows their numbers: ``write(folder)`` writes the files that the module loads, and ``still()``
draws the picture and the table that stand in its place on paper and without scripts.
"""

from latents.widgets.beta_lever import BetaLever
from latents.widgets.encoder_desk import EncoderDesk
from latents.widgets.training_lab import TrainingLab
from latents.widgets.two_maps import TwoMaps

WIDGETS = {
    "two_maps": TwoMaps,
    "beta_lever": BetaLever,
    "encoder_desk": EncoderDesk,
    "training_lab": TrainingLab,
}
