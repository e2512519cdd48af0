"""A SOCKS5 proxy for tests: socks.py FILE PORT. It takes names only, as Tor
does, and leads all of them to this machine: to port PORT. What was asked for
goes to FILE.log; FILE gets its own port."""
import os
import socket
import sys
import threading


def pump(a, b):
    try:
        while True:
            data = a.recv(65536)
            if not data:
                break
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(c, port, log):
    c.recv(2 + 255)
    c.sendall(b"\5\0")
    head = c.recv(4)
    if head[:4] != b"\5\1\0\3":
        with open(log, "a") as f:
            f.write("a number, not a name\n")
        c.close()
        return
    name = c.recv(c.recv(1)[0]).decode()
    c.recv(2)
    with open(log, "a") as f:
        f.write(name + "\n")
    out = socket.create_connection(("127.0.0.1", port))
    c.sendall(b"\5\0\0\1\0\0\0\0\0\0")
    threading.Thread(target=pump, args=(c, out), daemon=True).start()
    pump(out, c)


def main():
    path, port = sys.argv[1], int(sys.argv[2])
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(20)
    with open(path + ".new", "w") as f:
        f.write(str(s.getsockname()[1]))
    os.rename(path + ".new", path)
    while True:
        c, _ = s.accept()
        threading.Thread(target=serve, args=(c, port, path + ".log"),
                         daemon=True).start()


main()
