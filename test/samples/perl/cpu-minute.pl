# wants: timeout; timeoutMs=1500; stdout is "started\n"
use strict;
use warnings;

$| = 1;
print "started\n";
my ($end, $count) = (time + 60, 0);
$count++ while time < $end;
print "never\n";
