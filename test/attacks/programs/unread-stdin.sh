# wants: ok; stdin of 1000000 bytes; within 1500 ms; stdout is "done\n"
# Gets a megabyte of input and reads none of it.
echo done
