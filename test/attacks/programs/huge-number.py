# wants: timeout|memory; timeoutMs=800; within 1200 ms; stdout is "start\n"
# One multiplication that never comes back to the interpreter.
print("start", flush=True)
9**9**9
