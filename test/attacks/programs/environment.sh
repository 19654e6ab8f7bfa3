# wants: ok; stdout lacks "RUNNER"; stdout lacks "SECRET"; stdout lacks "DOCKER"; stdout lacks "$HOST_NAME"; stdout has "done"
# The environment of everything it can see, whatever the way.
env
declare -p
tr '\0' '\n' < /proc/1/environ 2> /dev/null
grep -az . /proc/[0-9]*/environ 2> /dev/null
hostname
echo done
