# wants: error; exit 7; stdout is "before\n"; stderr is ""
use strict;
use warnings;

print "before\n";
exit 7;
