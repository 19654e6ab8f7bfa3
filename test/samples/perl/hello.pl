# wants: ok; stdout is "Hello, world!\n"
use strict;
use warnings;

print "Hello, world!\n";
