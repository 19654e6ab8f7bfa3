# wants: ok; stdout has "done"; stdout lacks "listening"
# Starts debuggers and servers that others could reach, and leaves them.
node --inspect=0.0.0.0:9229 -e 'setInterval(() => {}, 1000)' > /dev/null 2>&1 &
python3 -m http.server 8000 > /dev/null 2>&1 &
sleep 0.5
echo done
