# wants: ok; stdout is "5000050000\n"
from threading import Thread

totals = [0] * 4


def add_up(slot):
    totals[slot] = sum(range(slot * 25_000 + 1, (slot + 1) * 25_000 + 1))


threads = [Thread(target=add_up, args=(slot,)) for slot in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(totals))
