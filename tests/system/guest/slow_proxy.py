"""Passes 127.0.0.1:1143 on to Dovecot; while /run/slow exists, 20 bytes a second towards the client."""

import socket
import threading
import time
from pathlib import Path

SLOW = Path("/run/slow")


def pump(source: socket.socket, sink: socket.socket, *, throttled: bool) -> None:
    """Copy until one side is gone."""
    try:
        while data := source.recv(1 if throttled and SLOW.exists() else 65536):
            if throttled and SLOW.exists():
                time.sleep(0.05)
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue


def main() -> None:
    """Serve for ever."""
    with socket.create_server(("127.0.0.1", 1143)) as server:
        while True:
            client, _ = server.accept()
            upstream = socket.create_connection(("127.0.0.1", 143))
            threading.Thread(target=pump, args=(client, upstream), kwargs={"throttled": False}, daemon=True).start()
            threading.Thread(target=pump, args=(upstream, client), kwargs={"throttled": True}, daemon=True).start()


main()
