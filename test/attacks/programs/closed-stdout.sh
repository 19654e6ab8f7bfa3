# wants: ok; exit 0; within 1500 ms; stdout is "start\n"; stderr is ""
# Closes all three streams and works on for a moment.
echo start
exec 0<&- 1>&- 2>&-
sleep 0.2
exit 0
