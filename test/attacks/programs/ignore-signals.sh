# wants: timeout; timeoutMs=700; within 1100 ms; stdout is "start\n"
# Ignores every signal it can name, and so do its children.
trap '' HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT TSTP TTIN TTOU XCPU XFSZ
echo start
while :; do sleep 9; done
