# wants: memory|ok|error|timeout; within 3400 ms; stdout starts with "start"; peak <= 300 MB
# Fills every writable place, which are all memory.
echo start
for place in /workspace /tmp /dev/shm; do
  for i in 1 2 3 4 5 6 7 8 9; do head -c 9000000 /dev/zero > $place/f$i 2> /dev/null; done
done
x=$(head -c 200000000 /dev/zero | tr '\0' x)
echo "${#x}"
