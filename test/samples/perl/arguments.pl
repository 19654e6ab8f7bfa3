# wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
use strict;
use warnings;

print scalar(@ARGV), "\n";
print "[$_]\n" for @ARGV;
