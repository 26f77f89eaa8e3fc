"""Imported first by the process that notebooks are forked from: it leaves the terminal's group.

Ctrl-C in a terminal reaches all processes of its group. It is for the command, which then ends
those that it has started; a process that dies while it imports its libraries would print where.
"""

import os

os.setpgid(0, 0)
