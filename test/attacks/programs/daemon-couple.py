# wants: ok; stdout is "done\n"
# Two processes of which each starts the other again as soon as it is gone.
import ctypes
import os
import signal

libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def watch_over_another():
    """Becomes the first of two; the second starts anew when the first dies, and the other way round."""
    while True:
        os.setsid() if os.getsid(0) != os.getpid() and os.getpgrp() != os.getpid() else None
        parent = os.getpid()
        if os.fork() == 0:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
            if os.getppid() == parent:
                signal.sigwait({signal.SIGUSR1})
            continue
        os.wait()


if os.fork() == 0:
    watch_over_another()
print("done")
