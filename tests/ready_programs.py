"""Programs `python` and `expressway` that start at once, for tests that start them a hundred times.

To import what a command needs takes seconds of work. A server does it once; a program asks it for a fork, which takes
over the program's words, files, folder and environment and does what a new process does after its imports. The fork is
of a process that has run nothing but imports. `python` so runs scripts, by name or as `-`; with anything else it is
the Python of this environment. That the installed programs start is for test_package.py and `make demo` to show.
"""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READY = ["altair", "scipy.special", "expressway.pipeline", "expressway.coexpression.engine.screen"]
PROGRAM = """#!{python} -IS
import os, socket, sys
if {name!r} == "python" and sys.argv[1:2] != ["-"] and not "".join(sys.argv[1:2]).endswith(".py"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(repr(([{name!r}, *sys.argv[1:]], os.getcwd(), dict(os.environ))).encode())
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(16) or 70))
"""


@contextmanager
def ready_programs(folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """A folder with the two programs, to be put before others on the PATH; they work until the end of the block."""
    address = str(folder / "server")
    programs = folder / "programs"
    programs.mkdir()
    for name in ("python", "expressway"):
        program = programs / name
        program.write_text(PROGRAM.format(python=sys.executable, name=name, address=address), encoding="utf-8")
        program.chmod(0o755)
    server = subprocess.Popen([sys.executable, __file__, address], env=environment, stdin=subprocess.DEVNULL)
    try:
        while not Path(address).exists():
            assert server.poll() is None, "the server of the programs did not start"
            time.sleep(0.05)
        yield programs
    finally:
        server.terminate()
        server.wait()


def serve(address: str) -> None:
    """Answer every program with a fork, until the end."""
    for module in READY:
        __import__(module)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address + ".new")
        listener.listen()
        Path(address + ".new").rename(address)
        while True:
            program, _ = listener.accept()
            if os.fork() == 0:
                try:
                    _be(program)
                finally:
                    os._exit(70)
            program.close()
            _forget_the_dead()


def _be(program: socket.socket) -> None:
    """Do what the program was asked to do, tell it the exit status, and end."""
    _, files, _, _ = socket.recv_fds(program, 1, 3)
    with program.makefile("rb") as asked:
        words, folder, environment = ast.literal_eval(asked.read().decode())
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    status = _status(words)
    program.sendall(str(status).encode())
    os._exit(status)


def _status(words: list[str]) -> int:
    """The exit status of a program, with what Python says at its end."""
    try:
        _run(words)
        code: object = 0
    except SystemExit as ended:
        code = ended.code or 0
    except Exception:  # noqa: BLE001 - a process of its own would end so too
        traceback.print_exc()
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _run(words: list[str]) -> None:
    name, *sys.argv = words
    if name == "expressway":
        from expressway.cli import main

        sys.argv = words
        main()
        return
    sys.path[0] = str(Path(sys.argv[0]).parent.resolve())
    source = sys.stdin.read() if sys.argv[0] == "-" else Path(sys.argv[0]).read_text(encoding="utf-8")
    exec(compile(source, sys.argv[0], "exec"), {"__name__": "__main__"})


def _forget_the_dead() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    serve(sys.argv[1])
