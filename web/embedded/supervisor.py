"""The process that holds the servers: starts them, restarts one that dies, leaves when no regulars process lives.

It runs as a script of its own, imports nothing of ours and is told everything by the file named on its command line:
    {"start_lock": path, "living": folder, "linger": seconds, "inherit": [descriptor],
     "children": [{"name", "argv", "uid", "gid", "stop_signal", "log"}]}
The descriptors in "inherit" hold the lock of the servers; children keep it, so it is free only when all are gone.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
LOOK_EVERY = 0.1  # seconds
STOP_WITHIN = 20.0  # seconds a server gets to end by itself
CALM_AFTER = 2.0  # seconds a child must have lived for its death to count as a new one
LONGEST_PAUSE = 5.0  # seconds between two tries to start a child that does not stay


class Child:
    """One server: how to start it, and how often it has failed in a row."""

    def __init__(self, plan, inherit):
        self.plan = plan
        self.inherit = inherit
        self.process = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.failures = 0

    def keep_up(self):
        """Start it when it is due, notice when it has died. A child that keeps dying is tried less and less often."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_at:
                self._start(now)
        elif self.process.poll() is not None:
            self.failures = 0 if now - self.started_at > CALM_AFTER else self.failures + 1
            self.start_at = now + min(0.05 * 2**self.failures, LONGEST_PAUSE)
            self.process = None

    def ask_to_stop(self):
        """Send the signal that ends this server cleanly."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.plan["stop_signal"])

    def see_off(self, deadline):
        """Wait for its end, and make it end when it takes too long."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _start(self, now):
        plan = self.plan
        someone_else = plan["uid"] != os.geteuid()
        credentials = {"user": plan["uid"], "group": plan["gid"], "extra_groups": []} if someone_else else {}
        with open(plan["log"], "ab") as log:
            self.process = subprocess.Popen(
                plan["argv"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                pass_fds=self.inherit,
                # After the change of user: that would forget the signal again.
                preexec_fn=lambda: die_with_parent(plan["stop_signal"]),  # noqa: PLW1509 (there are no threads here)
                **credentials,
            )
        self.started_at = now


def die_with_parent(stop_signal):
    """In a child: be told by the kernel when the supervisor is gone, killed or not."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, stop_signal)
    if os.getppid() == 1:
        os._exit(1)


def anyone_lives(folder):
    """Is there a locked file in the folder? Files left by processes that are gone are taken away."""
    try:
        entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except FileNotFoundError:
        return False
    locked = [is_locked(entry.path) for entry in entries]  # all of them: looking tidies up
    return any(locked)


def is_locked(path):
    """Does a living process hold this file? If not, the file goes."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def may_leave(plan):
    """Nobody lives and nobody is just arriving. Returns the start lock, held until our end, or None."""
    try:
        start_lock = os.open(plan["start_lock"], os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return os.open(os.devnull, os.O_RDONLY)  # the whole home is gone
    try:
        fcntl.flock(start_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(start_lock)
        return None
    if anyone_lives(plan["living"]):
        os.close(start_lock)
        return None
    return start_lock


def watch(plan, children):
    """Keep the servers up until nobody has lived for a while."""
    last_life = time.monotonic()
    while True:
        for child in children:
            child.keep_up()
        if anyone_lives(plan["living"]):
            last_life = time.monotonic()
        elif time.monotonic() - last_life > plan["linger"] and may_leave(plan) is not None:
            return
        time.sleep(LOOK_EVERY)


def stop(children):
    """End the servers cleanly, all at once."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_WITHIN
    for child in children:
        child.see_off(deadline)


def main(plan_path):
    """Run until nobody lives, or until told to end."""
    with open(plan_path) as file:
        plan = json.load(file)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    children = [Child(each, plan["inherit"]) for each in plan["children"]]
    try:
        watch(plan, children)
    finally:
        stop(children)


if __name__ == "__main__":
    main(sys.argv[1])
