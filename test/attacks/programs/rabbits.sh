# wants: ok; stdout is "start\n"
# Twenty shells that each hand over to a new session and end, for ever.
echo start
run='setsid bash -c "$0" "$0" & exit'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  setsid bash -c "$run" "$run" > /dev/null 2>&1 < /dev/null &
done
