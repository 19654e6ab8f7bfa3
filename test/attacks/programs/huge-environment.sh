# wants: ok|error|memory|timeout; timeoutMs=2000; within 2400 ms; stdout starts with "start"
# An environment that doubles with every generation of shells.
echo start
export text=xxxxxxxxxxxxxxxx
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
  text=$text$text
  /bin/true 2> /dev/null || { echo refused; break; }
done
