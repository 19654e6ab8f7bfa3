# wants: timeout; timeoutMs=600; within 1000 ms; stdout is "start\nhandler\n"
# The program ends but its exit handler does not.
import atexit


@atexit.register
def handler():
    print("handler", flush=True)
    while True:
        pass


print("start", flush=True)
