# wants: ok; stdout is "done\n"
# Processes that hang up on nothing, each in a session of its own.
for i in 1 2 3 4 5 6 7 8; do
  setsid nohup bash -c "while :; do echo x >> /tmp/later$i; sleep 0.01; done" > /dev/null 2>&1 < /dev/null &
done
echo done
