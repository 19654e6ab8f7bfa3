# wants: ok; named "-e"; args ["print 1"]; stdout is "a file\n"
# Called -e: as an option it would run the first argument instead.
print "a file\n";
