"""The networks of a chapter of this build or notebook, and the files of them for a page."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np

from latents import LatentsError, records, weights


class Trained:
    """The record and the networks of a chapter of this build.

    Raises
    ------
    LatentsError
        The chapter has not run in this profile, or its weights are not what it has written.
    """

    def __init__(self, chapter: str, profile: str):
        record = records.read(chapter, profile)
        if record is None:
            raise LatentsError(f"A widget needs the chapter {chapter}, which has not run.")
        folder = records.path(chapter, profile).parent / weights.FOLDER
        self.metrics = record["metrics"]
        self.files = [folder / f"{chapter}.{ending}" for ending in ("bin", "json")]
        parts = weights.read(self.files[0], record["weights"][self.files[0].name])
        self.networks = {k: v for k, v in parts.items() if isinstance(v, weights.Network)}
        self.arrays = {k: v for k, v in parts.items() if isinstance(v, np.ndarray)}

    def write(self, folder: Path, name: str, parts: list[str]) -> list[Path]:
        """Write some of the networks as ``NAME.bin`` and its layout; return the two files."""
        blob = self.files[0].read_bytes()
        layout = json.loads(self.files[1].read_text())
        kept = bytearray()

        def moved(place):
            """Copy every array of a layout, and say where it is now."""
            if not isinstance(place, dict):
                return [moved(each) for each in place] if isinstance(place, list) else place
            if "offset" not in place:
                return {key: moved(value) for key, value in place.items()}
            start, size = place["offset"], 2 * math.prod(place["shape"])
            kept.extend(blob[start : start + size])
            return place | {"offset": len(kept) - size}

        layout["parts"] = {part: moved(layout["parts"][part]) for part in parts}
        layout |= {"part_of": layout["sha256"], "bin": f"{name}.bin", "bytes": len(kept)}
        layout["sha256"] = hashlib.sha256(kept).hexdigest()
        files = folder / f"{name}.bin", folder / f"{name}.json"
        files[0].write_bytes(kept)
        files[1].write_text(json.dumps(layout))
        return [*files]
