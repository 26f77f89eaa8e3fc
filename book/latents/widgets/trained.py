"""The networks of a chapter, of this build or of this notebook, and their files for a page."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np

from latents import LatentsError, records, weights


class Trained:
    """The record and the networks of a chapter: what its notebook has just trained, or its build.

    Raises
    ------
    LatentsError
        The chapter has not run in this profile, or its weights are not what it has written.
    """

    def __init__(self, chapter: str, profile: str):
        name = f"{chapter}.bin"
        if chapter in records.unsaved:
            record, models = records.unsaved[chapter]
            self.blob, self.layout = weights.pack(name, models[name])
            parts = weights.unpack(self.blob, self.layout)
        else:
            stored = records.read(chapter, profile)
            if stored is None:
                raise LatentsError(f"A widget needs the chapter {chapter}, which has not run.")
            record = stored
            file = records.path(chapter, profile).parent / weights.FOLDER / name
            parts = weights.read(file, record["weights"][name])
            self.blob = file.read_bytes()
            self.layout = json.loads(file.with_suffix(".json").read_text())
        self.metrics = record["metrics"]
        self.networks = {k: v for k, v in parts.items() if isinstance(v, weights.Network)}
        self.arrays = {k: v for k, v in parts.items() if isinstance(v, np.ndarray)}

    def write(self, folder: Path, name: str, parts: list[str]) -> list[Path]:
        """Write some of the networks as ``NAME.bin`` and its layout; return the two files."""
        layout, kept = dict(self.layout), bytearray()

        def moved(place):
            """Copy every array of a layout, and say where it is now."""
            if not isinstance(place, dict):
                return [moved(each) for each in place] if isinstance(place, list) else place
            if "offset" not in place:
                return {key: moved(value) for key, value in place.items()}
            start, size = place["offset"], 2 * math.prod(place["shape"])
            kept.extend(self.blob[start : start + size])
            return place | {"offset": len(kept) - size}

        layout["parts"] = {part: moved(self.layout["parts"][part]) for part in parts}
        layout |= {"part_of": layout["sha256"], "bin": f"{name}.bin", "bytes": len(kept)}
        layout["sha256"] = hashlib.sha256(kept).hexdigest()
        files = folder / f"{name}.bin", folder / f"{name}.json"
        files[0].write_bytes(kept)
        files[1].write_text(json.dumps(layout))
        return [*files]
