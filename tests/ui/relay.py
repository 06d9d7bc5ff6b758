"""A TCP relay between the browser and the app, whose connections can be cut, as a phone or a proxy cuts them."""

import contextlib
import socket
import threading
import time


class Relay:
    """Passes bytes between a port of its own and the app's."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._sockets: list[socket.socket] = []
        self._open = True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(0.5)  # so that the thread sees it when it is closed
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while self._open:
            try:
                near, _ = self._listener.accept()
            except OSError:  # nobody for a moment, closed, or too many files are open just now
                time.sleep(0.01)
                continue
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, timeout=30)
        except OSError:
            near.close()
            return
        for each in (near, far):
            each.settimeout(None)
        self._sockets += [near, far]
        threading.Thread(target=self._pass_on, args=(far, near), daemon=True).start()
        self._pass_on(near, far)

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := one.recv(65536):
                other.sendall(chunk)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        one.close()

    def cut(self) -> None:
        """End every connection there is; new ones are let through."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # and whoever reads from it closes it
        self._sockets.clear()

    def close(self) -> None:
        """Let nobody through any more."""
        self._open = False
        self._listener.close()
        self.cut()
