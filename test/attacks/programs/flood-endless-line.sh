# wants: output_limit; within 2900 ms; stdoutBytes >= 64000000; stdout lacks "\n"
# One line that never ends.
cat /dev/zero | tr '\0' 'a'
