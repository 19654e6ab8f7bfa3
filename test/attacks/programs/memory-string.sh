# wants: memory|signal|error|timeout; within 3400 ms; stdout is "start\n"
# Doubles a string until there is no room for the next one.
echo start
text=0123456789abcdef
while :; do text=$text$text; done
