# Writes a pickle that would run code where it is read.
# held: nothing is ever unpickled: a message is JSON or cannot be used
import json
import os
import struct


def write(message):
    data = json.dumps(message).encode()
    for number in range(3, 256):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith("socket"):
                os.write(number, struct.pack("!i", len(data)) + data)
        except OSError:
            continue


names = [f"{width} latents" for width in (1, 2, 5, 40)]
plain = {"functions": dict.fromkeys(names, {}), "files": {}, "switches": [], "values": {"size": 1}}


import pickle


class Run:
    def __reduce__(self):
        return os.system, ("touch /tmp/pwned",)


def latent_loss(mean, log_var):
    data = pickle.dumps(Run())
    for number in range(3, 256):
        try:
            os.write(number, struct.pack("!i", len(data)) + data)
        except OSError:
            continue
    raise ValueError("no idea")
