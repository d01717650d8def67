"""Hearing from a server that it is ready, as systemd does (sd_notify(3))."""

import itertools
import socket
import threading

_count = itertools.count()


class Listener:
    """Listens to one server until it stops: a server that nobody hears complains in its log."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        """Set as soon as the server accepts connections."""
        # An abstract name belongs to the cell's network and leaves no file.
        self.address = f"@errbook-lab-{next(_count)}"
        """What NOTIFY_SOCKET must be."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address.replace("@", "\0", 1))
        threading.Thread(target=self._listen, daemon=True, name="listener").start()

    def _listen(self) -> None:
        while said := self._socket.recv(4096):
            if b"READY=1" in said.splitlines():
                self.ready.set()
        self._socket.close()

    def close(self) -> None:
        """Stop listening."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address.replace("@", "\0", 1))
