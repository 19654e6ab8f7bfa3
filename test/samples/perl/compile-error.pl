# wants: error; exit 255; stdout is ""; stderr has "syntax error"
use strict;
use warnings;

print "never\n";
my $broken = (1 + ;
