# wants: memory; within 2500 ms; stdout is "start\n"
# Takes a gigabyte in one step, faster than anybody can look.
print("start", flush=True)
held = b"x" * (1 << 30)
print("had it all")
