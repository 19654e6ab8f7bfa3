# wants: output_limit|timeout; timeoutMs=2500; within 2900 ms; stdoutBytes >= 1000000
# Forty writers at once on the same pipe.
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
  yes "line of writer $i" &
done
wait
