# wants: signal|memory|timeout|error; timeoutMs=2500; within 2900 ms; stdout is "start\n"
# A function that only calls itself.
echo start
down() { down; }
down
