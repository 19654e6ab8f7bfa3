# wants: ok; stdout starts with "refused after"; peak <= 256 MB
# Starts threads until it is refused: threads count as processes do.
import threading

stop = threading.Event()
count = 0
try:
    while count < 2000:
        threading.Thread(target=stop.wait, daemon=True).start()
        count += 1
except RuntimeError:
    print("refused after", count if count < 64 else "too many")
stop.set()
