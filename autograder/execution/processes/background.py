"""Leave the terminal's process group: the warm process imports this module first.

Ctrl-C in a terminal reaches all processes of its group. Only the command should see it, and end
the others; a process that it interrupts while it imports libraries would print a traceback.
"""

import os

os.setpgid(0, 0)
