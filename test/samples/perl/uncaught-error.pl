# wants: error; stdout is "before\n"; stderr has "something broke"
use strict;
use warnings;

print "before\n";
die "something broke";
