"""Things in the place of a file that are none: opened without care, some of these are waited for for ever."""

import os
import socket

KINDS = ("folder", "fifo", "socket", "device")


def put_in_place(path, kind):
    """Put one of KINDS in the place of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "socket":
            short = os.open(path.parent, os.O_RDONLY)  # a socket's path may be 107 bytes long
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(f"/proc/self/fd/{short}/{path.name}")
            os.close(short)
        case "device":
            path.symlink_to("/dev/zero")
