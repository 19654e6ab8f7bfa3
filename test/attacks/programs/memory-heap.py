# wants: memory; within 2500 ms; stdout is "start\n"
# Appends to its heap and touches every page of it.
print("start", flush=True)
held = []
while True:
    held.append(b"x" * (4 << 20))
